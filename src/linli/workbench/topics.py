"""How a topic becomes a line of the inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from linli.coordination.queries.topics import topics_by_id
from linli.coordination.rules import TOPIC
from linli.core.actor import Actor
from linli.flow.models import Matter
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .registry import Line


def topic_lines(actor: Actor, matters: Sequence[Matter]) -> Mapping[int, Line]:
    """One query for all of them; the actor's own inbox has found the matters."""
    counts = {pk: topic.case_count for pk, topic in topics_by_id(m.pk for m in matters).items()}
    return {m.pk: _line(m, counts[m.pk]) for m in matters if m.pk in counts}


def _line(matter: Matter, cases: int) -> Line:
    place = matter.community or matter.subdistrict or matter.area
    return Line(
        title=matter.title,
        place=territory.division_name(place),
        stage=TOPIC.stages[matter.stage].label,
        body=organisations.body_name(matter.body_id, short=True) if matter.body_id else "",
        number=_("%(n)s 件") % {"n": cases},
        url=reverse("coordination:topic", args=[matter.pk]),
        opened_at=matter.opened_at,
        due_at=matter.due_at,
        simulated=matter.simulated,
        asked=str(_("源头治理专题")),
    )
