"""How a case becomes a line of the inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse

from linli.core.actor import Actor
from linli.flow.models import Matter
from linli.organisations import queries as organisations
from linli.response import board

from .registry import Line


def case_lines(actor: Actor, matters: Sequence[Matter]) -> Mapping[int, Line]:
    """One query for all of them; the actor's own inbox has found the matters."""
    return {pk: _line(point) for pk, point in board.points_of(matters).items()}


def _line(point: board.Point) -> Line:
    number = board.number_of_point(point)
    return Line(
        title=board.class_name(point),
        place=board.place_line(point),
        stage=board.stage_label(point.stage),
        body=organisations.body_name(point.body_id, short=True) if point.body_id else "",
        number=number,
        url=reverse("response:case", args=[number]),
        opened_at=point.opened_at,
        due_at=point.due_at,
        simulated=point.simulated,
    )
