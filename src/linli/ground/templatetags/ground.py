"""The tabs of the room: those that have an address."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

register = template.Library()

TABS: tuple[tuple[str, Any, str], ...] = (
    ("grids", _("网格"), "ground:grids"),
    ("nets", _("三网融合"), "ground:nets"),
    ("matters", _("管理内容"), "ground:matters"),
    ("changes", pgettext_lazy("tab", "改动"), "ground:changes"),
)
"""(token, word, address)"""


def tabs() -> list[tuple[str, Any, str]]:
    """(token, word, path) in order."""
    found = []
    for token, label, name in TABS:
        try:
            found.append((token, label, reverse(name)))
        except NoReverseMatch:  # a page that is not built yet
            continue
    return found


@register.inclusion_tag("ground/parts/tabs.html")
def ground_tabs(current: str) -> dict[str, Any]:
    """`{% ground_tabs "grids" %}`"""
    return {"tabs": tabs(), "current": current}


@register.filter
def line_place(field: str) -> str:
    """`line-3-old` → 第 3 条：, for a sentence about a line of a draft."""
    place = field.split("-")[1] if field.startswith("line-") else ""
    return str(_("第 %(n)s 条：") % {"n": place}) if place.isdigit() else ""


@register.filter
def percent_text(share: float) -> str:
    """0.204 as 20%."""
    return f"{100 * share:.0f}%"


@register.filter
def provenance_word(token: str) -> Any:
    """The word of a layer's provenance."""
    from linli.territory.choices import Provenance

    return Provenance(token).label if token in Provenance.values else token


@register.filter
def whole(value: float) -> int:
    """Rounded."""
    return round(value)
