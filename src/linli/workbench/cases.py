"""How a case becomes a line of the inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse

from linli.core.actor import Actor
from linli.flow.models import Matter
from linli.organisations import queries as organisations
from linli.response import board
from linli.response import queries as response

from .registry import Line


def case_lines(actor: Actor, matters: Sequence[Matter]) -> Mapping[int, Line]:
    """Two queries for all of them, and one for each way of being asked; the actor's own inbox has found the matters."""
    asks = response.asks_of(actor, matters)
    return {pk: _line(point, asks[pk]) for pk, point in board.points_of(matters).items()}


def _line(point: board.Point, ask: response.Ask) -> Line:
    number = board.number_of_point(point)
    address = (
        reverse("response:case", args=[number]) if ask.offer is None else reverse("response:offer", args=[ask.offer])
    )
    return Line(
        title=board.class_name(point),
        place=board.place_line(point),
        stage=board.stage_label(point.stage),
        body=organisations.body_name(point.body_id, short=True) if point.body_id else "",
        number=number,
        url=address,
        opened_at=point.opened_at,
        due_at=point.due_at,
        simulated=point.simulated,
        asked=ask.words,
        marks=tuple(ask.marks),
    )
