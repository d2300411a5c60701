"""Whether the result of a call-back may still be taken back: by what ended the case, and how long ago."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.flow import queries as flow

from .. import call_rules
from ..models import Case

ENDINGS = ("call_back", "rate", "archive", "decline")


def why_not(case: Case) -> tuple[str, Any] | None:
    """The code and the sentence that speak against it; None where nothing does (1 SQL, none where the time is over)."""
    ended, patience = case.matter.ended_at, call_rules.rules().retract
    if ended is None or clock.now() > ended + patience:
        hours = int(patience.total_seconds() // 3600)
        return "retract_too_late", _("回访结果只能在 %(n)s 小时以内撤销。") % {"n": hours}
    if flow.last_of(case.pk, ENDINGS) != "call_back":
        return "not_called_back", _("这件事不是由回访归档的，没有可以撤销的回访结果。")
    return None
