"""A terminal to look at, and the bars that are open in it."""

import contextlib
import os
import pty
import re
import sys
import threading

CODES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A terminal; within it, it is standard error."""

    def __init__(self):
        self._main, self.side = pty.openpty()
        self._written = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with contextlib.suppress(OSError):  # the other side is closed, and all is read
            while piece := os.read(self._main, 1 << 16):
                self._written += piece

    def __enter__(self):
        self._file, self._usual = os.fdopen(self.side, "w", closefd=False), sys.stderr
        sys.stderr = self._file
        return self

    def __exit__(self, *_):
        sys.stderr = self._usual
        self._file.close()

    def written(self):
        """All bytes; the terminal is closed."""
        if self.side is not None:
            os.close(self.side)
            self._reader.join(60)
            os.close(self._main)
            self.side = None
        return self._written

    def text(self):
        """The lines that were shown, one after another."""
        lines = re.split(rb"[\r\n]+", CODES.sub(b"", self.written()))
        return [line.decode().strip() for line in lines if line.strip()]


def bars():
    """The threads of bars that are open."""
    return [t for t in threading.enumerate() if t.name == "scopejax-bar"]
