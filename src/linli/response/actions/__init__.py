"""The only writers of cases: the chain, the catalogue behind it, and upkeep."""

from ..receipts import code_matches, receipt_code
from .alarms import ring, ring_alarms
from .calls import Call, end_without_contact, keep_call, record_call, release_call, take_call
from .chain import (
    Receipt,
    Report,
    Step,
    first_mover,
    move_case,
    rate_case,
    receipt_for,
    report_case,
)
from .followers import close_followers
from .loading import load_catalogue
from .offers import claim_case, look_at_offer
from .onspot import may_be_mended, report_and_mend
from .questions import answer_question, report_question, report_same
from .setup import load_routes
from .upkeep import erase_old_texts, recompute_due, settle_contact

__all__ = [
    "Call",
    "Receipt",
    "Report",
    "Step",
    "answer_question",
    "claim_case",
    "close_followers",
    "code_matches",
    "end_without_contact",
    "erase_old_texts",
    "first_mover",
    "keep_call",
    "load_catalogue",
    "load_routes",
    "look_at_offer",
    "may_be_mended",
    "move_case",
    "rate_case",
    "receipt_code",
    "receipt_for",
    "recompute_due",
    "record_call",
    "release_call",
    "report_and_mend",
    "report_case",
    "report_question",
    "report_same",
    "ring",
    "ring_alarms",
    "settle_contact",
    "take_call",
]
