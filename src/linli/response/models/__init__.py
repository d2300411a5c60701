"""Tables of cases. Private to this room."""

from .calls import CallAttempt, CallLease
from .case import Case
from .catalogue import CaseClass, Revision, StageLimit, SteeringSheet
from .clocks import LadderRule, TimeChange
from .hands import Assist, Handover, Offer
from .routing import Route, RouteRule, RouteTable

__all__ = [
    "Assist",
    "CallAttempt",
    "CallLease",
    "Case",
    "CaseClass",
    "Handover",
    "LadderRule",
    "Offer",
    "Revision",
    "Route",
    "RouteRule",
    "RouteTable",
    "StageLimit",
    "SteeringSheet",
    "TimeChange",
]
