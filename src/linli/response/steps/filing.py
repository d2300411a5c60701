"""Filing: accept with a corrected class, answer at once, mend on the spot, reopen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import PostKind
from linli.knowledge import actions as knowledge_actions
from linli.knowledge import queries as knowledge
from linli.knowledge.choices import UseKind
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli.worktime import queries as worktime

from ..catalogue import ClassView, class_for, view_of
from ..choices import LadderTrigger, Level, Tree
from ..queries import routing
from .base import Context, effect, refuse
from .clocks import begin_anew, press_counted
from .placing import place

if TYPE_CHECKING:
    from ..actions.chain import Report


def place_of_report(report: Report, view: ClassView) -> tuple[float, float, territory.Located]:
    """Where a report lies. A question needs no point: it belongs to a division as a whole, without community or grid,
    and stands where that division's label stands, which `place_source` says. Raises Invalid."""
    if report.lon is not None and report.lat is not None:
        return report.lon, report.lat, territory.check_point(report.lon, report.lat)
    if view.tree != Tree.CONSULTATION:
        raise refuse("place_required", _("请选择地点。"), "place")
    known = territory.division(report.division)
    if known is None or known.lon is None or known.lat is None or len(known.code) not in (6, 9):
        raise refuse("unknown_division", _("请选择来电人所在的街道；不知道就选全区。"), "division")
    subdistrict = known.code if len(known.code) == 9 else ""
    return known.lon, known.lat, territory.Located("", "", subdistrict, known.code[:6], "", known.name, True, "")


@effect("accept")
def accept(c: Context) -> None:
    """The operator may correct the class; its limit, longer or shorter, then counts from the report. A question that
    becomes a matter may be given its place."""
    place(c)
    view = c.known.by_id[c.case.case_class_id]
    if c.step.class_code:
        view = class_for(c.known, c.step.class_code)
        c.facts["class"] = view.code
    if view.id != c.case.case_class_id:
        _correct(c, view)
        c.values |= {"type_version_id": view.id, "title": view.name_zh}
    elif c.located is None:
        return
    lies = c.located or c.matter
    divisions = (lies.community, lies.subdistrict, c.matter.area[:6])
    routed = routing.decide(divisions=divisions, class_code=view.code, channel=c.case.channel, at=c.now)
    c.facts["route"] = routed.fact
    level = max(view.level, c.case.level, key=Level.values.index)  # what was escalated stays there
    c.on_case |= {
        "case_class_id": view.id,
        "suggested_body_id": routed.body_id,
        "level": level,
    }


def _correct(c: Context, view: ClassView) -> None:
    """The class that the case has from now on. Late is late: a limit that was missed already stays, as an offer or a
    pause would not lift it either; a shorter one counts, for the matter was that urgent from the beginning."""
    case, final = c.case, c.matter.final_due_at
    c.view = view
    if final is None or c.now < final or worktime.due(case.counted_from, view.limit, division=c.division).at <= final:
        return
    c.on_case["limit_class_id"] = case.case_class_id
    c.view = view_of(c.known, view.id, case.case_class_id)
    c.facts["limit"] = c.view.limit_code


@effect("answer")
def answer(c: Context) -> None:
    """A question answered at once. `article` is the version of the knowledge article that was read out."""
    if (article := c.said("article")) is not None:
        read = knowledge.article_version(int(article))
        if read is None:
            raise refuse("no_such_article", _("没有这条答复，或者它已经停用。"), "article")
        c.facts["article"] = {"version": read.version_id, "code": read.code, "number": read.number}
        c.then.append(
            lambda: knowledge_actions.count_use(actor=c.actor, version_id=read.version_id, kind=UseKind.ANSWER)
        )
    c.values["closed_at"] = c.now
    c.on_case["first_closed_on_time"] = c.matter.final_due_at is None or c.now <= c.matter.final_due_at


@effect("mend")
def mend(c: Context) -> None:
    """A grid worker mended what he found: his team is the body that handled it."""
    teams = c.actor.bodies({PostKind.GRID_WORKER})
    near = [b for b in teams if (found := organisations.body(b)) and c.division.startswith(found.division)]
    body_id = min(near or teams, default=None)
    if body_id is not None:
        c.values["body_id"] = c.facts["body"] = body_id
        c.on_case["subject"] = c.body(body_id).kind


@effect("reopen")
def reopen(c: Context) -> None:
    """Not solved: the case goes back to the dispatcher and its limit begins anew."""
    count = c.case.reopen_count + 1
    press_counted(c, LadderTrigger.REOPENS, count)
    begin_anew(c)
    c.values |= {"body_id": None, "closed_at": None}
    if c.matter.body_id is None:  # it had followed a main case; a part still belongs to its whole
        c.values["parent_id"] = None
    c.on_case |= {
        "reopen_count": count,
        "outcome": "",
        "satisfaction": "",
        "from_body_id": None,
        "contacted_at": None,
        "sampled": None,
        "call_sampled": None,
        "call_count": 0,
        "next_call_at": None,
        "deferred": False,
    }
