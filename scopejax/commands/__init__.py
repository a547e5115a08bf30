"""What ``python -m scopejax`` does with checkpoints: inspect, diff, convert."""

from ._arguments import add_commands as add_commands
from ._convert import convert as convert
from ._diff import diff as diff
from ._inspect import inspect as inspect
