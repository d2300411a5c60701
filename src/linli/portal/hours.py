"""Opening hours as people write them. What is not understood stays as it was given: a guess would send somebody in vain."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

DAYS = {
    "Mo": gettext_lazy("周一"), "Tu": gettext_lazy("周二"), "We": gettext_lazy("周三"), "Th": gettext_lazy("周四"),
    "Fr": gettext_lazy("周五"), "Sa": gettext_lazy("周六"), "Su": gettext_lazy("周日"),
}  # fmt: skip
_PART = re.compile(
    r"(?P<days>[A-Z][a-z](?:[-,][A-Z][a-z])*)\s+(?P<times>\d\d:\d\d-\d\d:\d\d(?:\s*,\s*\d\d:\d\d-\d\d:\d\d)*)"
)


def said(text: str) -> str:
    """`Mo-Fr 09:00-17:00` in words (the notation of OpenStreetMap: days, then times); anything else unchanged."""
    if text.strip() == "24/7":
        return _("全天")
    parts = [_PART.fullmatch(part.strip()) for part in text.split(";")]
    words = [_days(p["days"]) for p in parts if p]
    if len(words) != len(parts) or not all(words):
        return text
    return _("；").join(
        f"{day} {_('、').join(t.strip().replace('-', '–') for t in p['times'].split(','))}"
        for day, p in zip(words, parts, strict=True)
        if p
    )


def _days(text: str) -> str:
    if text == "Mo-Su":
        return _("每天")
    spans = [span.split("-") for span in text.split(",")]
    if any(day not in DAYS for span in spans for day in span) or any(len(span) > 2 for span in spans):
        return ""
    named = [[str(DAYS[day]) for day in span] for span in spans]
    return _("、").join(_("%(first)s至%(last)s") % {"first": s[0], "last": s[1]} if len(s) > 1 else s[0] for s in named)
