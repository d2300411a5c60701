"""What each verb of the chain adds to a move: facts, columns, rows of its own. One function a verb, found by its token.

A step reads and decides before anything is written; what it writes besides the matter and the case goes into `then`,
which runs in the same transaction after the journal line, when the swap has kept everybody else out.
"""

from . import calling, checking, clocks, dispatching, filing, handovers, merging, offers
from .base import Context, effect_of

__all__ = [
    "Context",
    "calling",
    "checking",
    "clocks",
    "dispatching",
    "effect_of",
    "filing",
    "handovers",
    "merging",
    "offers",
]
