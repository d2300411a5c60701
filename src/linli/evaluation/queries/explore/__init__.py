"""What pages say of one result: pure functions from an engine result, names and a summary to rows. No tables, no clock.

subject (what is looked at), ranking, profile (one unit), structure (correlations, weights, logs), versus (two states),
what_if (other weights).
"""

from __future__ import annotations

from .profile import Profile, Strip, profile
from .ranking import Ranking, RankingRow, ranking
from .structure import Structure, Weighing, filled, structure, treated, weighing
from .subject import NodeLook, Spread, Subject, UnitLook
from .versus import Slope, State, Versus, peers, versus
from .what_if import WhatIf, payload, what_if

__all__ = [
    "NodeLook",
    "Profile",
    "Ranking",
    "RankingRow",
    "Slope",
    "Spread",
    "State",
    "Strip",
    "Structure",
    "Subject",
    "UnitLook",
    "Versus",
    "Weighing",
    "WhatIf",
    "filled",
    "payload",
    "peers",
    "profile",
    "ranking",
    "structure",
    "treated",
    "versus",
    "weighing",
    "what_if",
]
