"""Matters in areas, and codes to change: for the tests of `rezone`."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import transaction

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.decision import YES
from linli.flow import actions, rezone
from linli.flow.models import Matter
from linli.flow.rules import Flow, Move, Stage

FLOW = Flow(
    kind="test",
    start="waiting",
    ends=frozenset({"over"}),
    stages={s: Stage(s, s, s) for s in ("waiting", "going", "over")},
    moves={
        "go": Move("go", "go", frozenset({"waiting", "going"}), "going", "test"),
        "end": Move("end", "end", frozenset({"waiting", "going"}), "over", "test"),
    },
)
A, B, C = "110102001001", "110102001002", "110102002001"
WHERE = ("110102", "110102001", "110102002", A, B, C, A + "001", B + "001")


def opened(*areas: str, kind: str = "test") -> list[Matter]:
    """A matter in each area, with the divisions that follow from it."""
    now = clock.now()
    rows = [
        Matter(kind=kind, title="t", stage="waiting", head="0" * 64, area=a, subdistrict=a[:9] if len(a) > 8 else "",
               community=a[:12] if len(a) > 11 else "", grid_at_intake=a.ljust(15, "7"), opened_at=now, stage_started_at=now)
        for a in areas
    ]  # fmt: skip
    Matter.objects.bulk_create(rows)
    return list(Matter.objects.order_by("-pk")[: len(areas)])[::-1]


def moved(matter: Matter, verb: str = "go", **values: Any) -> None:
    with transaction.atomic():
        actions.move(actor=SYSTEM, matter=matter, version=matter.version, verb=verb, flow=FLOW, allowed=YES, facts={}, values=values)  # fmt: skip


def by(codes: dict[str, str]) -> rezone.Compute:
    """Old code to new code, everything else as it was."""
    return lambda part: np.array([codes.get(area, area) for area in part.area.tolist()], "U15")


def where(*matters: Matter) -> list[str]:
    found = dict(Matter.objects.values_list("pk", "area"))
    return [found[m.pk] for m in matters]


def sound() -> None:
    """Subdistrict and community are what follows from the area, everywhere."""
    for m in Matter.objects.all():
        assert (m.subdistrict, m.community) == (m.area[:9] if len(m.area) > 8 else "", m.area[:12] if len(m.area) > 11 else "")  # fmt: skip
