"""`tf.logging`: Python's logging, under the name ``"tensorflow"``."""

from __future__ import annotations

import logging as _logging
from typing import Any

from ._words.missing import lookup_of

DEBUG, INFO, WARN = _logging.DEBUG, _logging.INFO, _logging.WARNING
ERROR, FATAL = _logging.ERROR, _logging.FATAL

_LOGGER = _logging.getLogger("tensorflow")

debug, info, log = _LOGGER.debug, _LOGGER.info, _LOGGER.log
warn = warning = _LOGGER.warning
error, fatal = _LOGGER.error, _LOGGER.critical


def set_verbosity(v: int) -> None:
    """What is less than `v` is not shown.

    >>> set_verbosity(INFO)
    >>> get_verbosity() == INFO
    True
    """
    _LOGGER.setLevel(v)


def get_verbosity() -> int:
    """From where on messages are shown.

    >>> get_verbosity() in (DEBUG, INFO, WARN, ERROR, FATAL)
    True
    """
    return _LOGGER.getEffectiveLevel()


def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """A message where `condition` is true.

    >>> log_if(DEBUG, "%d steps", False, 3)
    """
    if condition:
        log(level, msg, *args)


def flush() -> None:
    """Brings out what is on its way.

    >>> flush()
    """
    for handler in _LOGGER.handlers:
        handler.flush()


__getattr__ = lookup_of("logging")
