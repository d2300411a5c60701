"""Numbers of a grid in words."""

from __future__ import annotations

from typing import Any

from django import template

from linli.territory.choices import Provenance

register = template.Library()


@register.filter
def percent_text(share: float) -> str:
    """0.204 as 20%."""
    return f"{100 * share:.0f}%"


@register.filter
def whole(value: float) -> int:
    """Rounded."""
    return round(value)


@register.filter
def provenance_word(token: str) -> Any:
    """The word of a layer's provenance."""
    return Provenance(token).label if token in Provenance.values else token
