"""Marks on the residents' maps that must not hide each other, and what is known already where somebody reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

from linli.response import queries as response

from .choices import UNKNOWN_CLASS

METRE_DEGREES = 1 / 111_195
SPREAD_M = 11  # marks of one grid stand this far apart, or they would hide each other


def apart(found: Iterable[Any]) -> list[tuple[Any, float, float]]:
    """Each with where its mark stands: those at one point are laid out in a sunflower around it, so that all are seen."""
    taken: dict[tuple[float, float], int] = {}
    placed = []
    for m in found:
        nth = taken.get((m.lon, m.lat), 0)
        taken[m.lon, m.lat] = nth + 1
        turn, far = nth * 2.39996, SPREAD_M * nth**0.5 * 1.6
        lat = m.lat + far * sin(turn) * METRE_DEGREES
        lon = m.lon + far * cos(turn) * METRE_DEGREES / cos(radians(m.lat))
        placed.append((m, round(lon, 6), round(lat, 6)))
    return placed


@dataclass(frozen=True, slots=True)
class Same:
    """A matter of the same class in work nearby, to be followed instead. Nothing personal, at grid precision."""

    number: str
    class_name: str
    stage: Any
    age: str
    lon: float
    lat: float


def same_nearby(lon: float, lat: float, class_code: str) -> list[Same]:
    """What is in work within 200 m and of this class; none for a class that says nothing (1 SQL)."""
    if class_code in ("", UNKNOWN_CLASS):
        return []
    found = [n for n in response.nearby(lon, lat, class_code=class_code) if n.joinable]
    return [Same(n.number, n.class_name, n.stage, n.age, x, y) for n, x, y in apart(found)]
