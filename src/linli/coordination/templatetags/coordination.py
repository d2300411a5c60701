"""The tabs of the room: those that this actor's posts may use and that have an address; names of data in two languages."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ..permissions import READ_KINDS, ROSTER_READ_KINDS, WATCH_KINDS

register = template.Library()

TABS: tuple[tuple[str, Any, str, frozenset[str]], ...] = (
    ("summons", _("吹哨"), "coordination:summonses", READ_KINDS),
    ("consultations", _("共商"), "coordination:consultations", READ_KINDS),
    ("topics", _("专题"), "coordination:topics", READ_KINDS),
    ("campaigns", _("专项行动"), "coordination:campaigns", WATCH_KINDS),
    ("roster", _("值班"), "coordination:roster", ROSTER_READ_KINDS),
)
"""(token, word, address, posts that may open it)"""


def tabs_for(actor: Any) -> list[tuple[str, Any, str]]:
    """(token, word, path) of the tabs that `actor` may open, in order."""
    found = []
    for token, label, name, kinds in TABS:
        if not actor.holds(kinds):
            continue
        try:
            found.append((token, label, reverse(name)))
        except NoReverseMatch:  # a page that is not built yet
            continue
    return found


@register.inclusion_tag("coordination/parts/tabs.html", takes_context=True)
def coordination_tabs(context: dict[str, Any], current: str) -> dict[str, Any]:
    """`{% coordination_tabs "summons" %}`"""
    actor = context["request"].actor
    return {"tabs": tabs_for(actor), "current": current}


@register.filter
def named(thing: Any) -> str:
    """`{{ shift|named }}`: its name in the reader's language, the Chinese one where there is no other."""
    english = (get_language() or "").startswith("en")
    return str((thing.name_en if english else "") or thing.name)
