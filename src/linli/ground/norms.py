"""The numbers that a design starts from, each with its bounds and where it comes from (data/design.csv). No tables."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .choices import Provenance

FILE = Path(__file__).resolve().parent / "data" / "design.csv"
CELLS_MOST = 5_000
"""Cells of one draft: twice what the largest district of the plan has; written in one short transaction."""


@dataclass(frozen=True, slots=True)
class Norm:
    """One number. `value` lies between `least` and `most`."""

    key: str
    value: int
    least: int
    most: int
    unit: str
    provenance: str
    source: str

    @property
    def provenance_name(self) -> Any:
        return Provenance(self.provenance).label


@cache
def norms() -> dict[str, Norm]:
    """By key: target_m2, width_m, smallest, least_m2."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        r["key"]: Norm(
            r["key"], int(r["value"]), int(r["least"]), int(r["most"]), r["unit"], r["provenance"], r["source"]
        )
        for r in rows
    }
