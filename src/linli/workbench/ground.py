"""How a change of the ground, and a merger of nets, become lines of the inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.flow.models import Matter
from linli.ground.queries import changes, mergers
from linli.ground.queries.changes import ChangeView
from linli.ground.queries.mergers import MergerView
from linli.territory import queries as territory

from .registry import Line


def change_lines(actor: Actor, matters: Sequence[Matter]) -> Mapping[int, Line]:
    """One query for all of them, and one for names."""
    place = territory.district().name
    return {view.id: _line(view, place) for view in changes.views_of(actor=actor, pks=[m.pk for m in matters])}


def _line(view: ChangeView, place: str) -> Line:
    return Line(
        title=view.name,
        place=place,
        stage=view.stage_name,
        body=view.submitter,
        number="",
        url=reverse("ground:change", args=[view.id]),
        opened_at=view.opened_at,
        due_at=view.due_at,
        simulated=view.simulated,
        asked=str(_("批准%(kind)s的改动") % {"kind": view.kind_name}) if view.stage == "submitted" else "",
    )


def merger_lines(actor: Actor, matters: Sequence[Matter]) -> Mapping[int, Line]:
    """Two queries for all of them. Decided by planners, approved by who decides; no day is set."""
    place = territory.district().name
    return {view.id: _merger_line(view, place) for view in mergers.views_of(actor, [m.pk for m in matters])}


def _merger_line(view: MergerView, place: str) -> Line:
    asked = {"submitted": _("批准三网融合"), "open": _("还有 %(n)s 条未定") % {"n": view.left}}
    return Line(
        title=view.name,
        place=place,
        stage=view.stage_name,
        body="",
        number="",
        url=reverse("ground:merger", args=[view.id]),
        opened_at=view.opened_at,
        due_at=None,
        simulated=view.simulated,
        asked=str(asked.get(view.stage, "")),
    )
