"""The only writers of cases: the chain, the catalogue behind it, and upkeep."""

from .chain import (
    Receipt,
    Report,
    Step,
    code_matches,
    first_mover,
    move_case,
    rate_case,
    receipt_code,
    receipt_for,
    report_case,
)
from .setup import load_catalogue, load_routes
from .upkeep import erase_old_texts, recompute_due, settle_contact

__all__ = [
    "Receipt",
    "Report",
    "Step",
    "code_matches",
    "erase_old_texts",
    "first_mover",
    "load_catalogue",
    "load_routes",
    "move_case",
    "rate_case",
    "receipt_code",
    "receipt_for",
    "recompute_due",
    "report_case",
    "settle_contact",
]
