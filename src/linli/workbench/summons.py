"""How a summons and a consultation become lines of the inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from linli.coordination.queries import meetings, summonses
from linli.core.actor import Actor
from linli.flow.models import Matter

from .registry import Line


def summons_lines(actor: Actor, matters: Sequence[Matter]) -> Mapping[int, Line]:
    """Three queries for all of them; the actor's own inbox has found the matters."""
    return {pk: _line(found) for pk, found in summonses.waiting(actor, matters).items()}


def _line(found: summonses.Waiting) -> Line:
    row = found.row
    return Line(
        title=row.kind,
        place=f"{row.subdistrict} {row.place}".strip(),
        stage=row.stage_label,
        body=found.bodies,
        number=row.number,
        url=reverse("coordination:summons", args=[row.id]),
        opened_at=row.opened_at,
        due_at=found.due_at,
        simulated=row.simulated,
        asked=found.asked,
    )


def consultation_lines(actor: Actor, matters: Sequence[Matter]) -> Mapping[int, Line]:
    """Two queries for all of them; one more for a body, which is told what it leads and by when."""
    wanted = {m.pk: m for m in matters}
    mine = meetings.own_due(actor, wanted)
    return {
        row.id: Line(
            title=wanted[row.id].title,
            place=row.venue,
            stage=row.stage_label,
            body="",
            number=row.number,
            url=reverse("coordination:consultation", args=[row.id]),
            opened_at=wanted[row.id].opened_at,
            due_at=mine.get(row.id) or wanted[row.id].due_at,
            simulated=row.simulated,
            asked=str(_("请落实议定事项")) if row.id in mine else "",
        )
        for row in meetings.meetings(actor, ids=wanted, limit=len(wanted))
    }
