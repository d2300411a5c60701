"""Tables of coordination, by what they serve. Free texts lie sealed in the journal of their matter."""

from .campaigns import Campaign
from .consultations import AgendaItem, Consultation
from .roster import DutySlot, RosterWeek, Shift
from .summons import Summons, SummonsAnswer, SummonsCase, SummonsKind
from .topics import Measure, Topic, TopicCase, TopicRule

__all__ = [
    "AgendaItem",
    "Campaign",
    "Consultation",
    "DutySlot",
    "Measure",
    "RosterWeek",
    "Shift",
    "Summons",
    "SummonsAnswer",
    "SummonsCase",
    "SummonsKind",
    "Topic",
    "TopicCase",
    "TopicRule",
]
