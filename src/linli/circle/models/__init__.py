"""Tables of the service circle. Private to this room."""

from .catalogue import Catalogue, ClassRule, Completeness, Item, Pace
from .facility import Duplicate, Facility, FacilityChange, FacilityImport, FacilityItem, ImportedChange, Span
from .ground import Home, Network, Revision
from .plan import Plan, PlanEdit
from .records import (
    Circle,
    CircleCommunity,
    CircleMember,
    CommunityBody,
    Designation,
    Programme,
    RecordEntry,
    RecordKind,
    Station,
    StationCommunity,
)
from .survey import Answer, ResourceCount, ResourceKind, Sheet, Slip, Survey, Voice, Wave

__all__ = [
    "Answer",
    "Catalogue",
    "Circle",
    "CircleCommunity",
    "CircleMember",
    "ClassRule",
    "CommunityBody",
    "Completeness",
    "Designation",
    "Duplicate",
    "Facility",
    "FacilityChange",
    "FacilityImport",
    "FacilityItem",
    "Home",
    "ImportedChange",
    "Item",
    "Network",
    "Pace",
    "Plan",
    "PlanEdit",
    "Programme",
    "RecordEntry",
    "RecordKind",
    "ResourceCount",
    "ResourceKind",
    "Revision",
    "Sheet",
    "Slip",
    "Span",
    "Station",
    "StationCommunity",
    "Survey",
    "Voice",
    "Wave",
]
