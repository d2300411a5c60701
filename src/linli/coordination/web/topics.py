"""Topics: the list with its numbers, one with its map, cases, measures and chart, its steps, one set by hand, the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.flow.queries import Line
from linli.organisations import queries as organisations
from linli.response import board
from linli.response import queries as response
from linli.site.refusals import onto_form
from linli.site.urgency import of as urgency_of
from linli.territory import queries as territory
from linli.vault import names

from .. import permissions
from ..actions import topic_finding, topics
from ..choices import MeasureState
from ..forms.choices import division_choices, letters
from ..forms.topics import NewTopicForm, TopicStepForm
from ..models import Topic
from ..queries import topic_cases as places
from ..queries import topic_rules as rule_reads
from ..queries import topics as read
from ..queries.topics import TopicFilter
from ..rules import TOPIC
from ..topic_chart import chart

KINDS = permissions.READ_KINDS
RULE_KINDS = permissions.READ_KINDS | {"administrator"}
CHIEFS = permissions.CHIEF_KINDS
LABELS = {"find": gettext_lazy("按规则发现"), "set": gettext_lazy("手工设立")}
TONES = {"found": "soon", "working": "ok", "checking": "soon", "cured": "done", "dismissed": ""}
WIDE, SLIM = 720, 340


@dataclass(frozen=True, slots=True)
class Row:
    """A topic as the list shows it."""

    topic: Topic
    name: str
    stage: Any
    tone: str
    owner: str
    late: bool


@require_safe
@never_cache
@require(*KINDS)
def listed(request: ActorRequest) -> HttpResponse:
    """`/coordination/topics/?stage=&top=&subdistrict=&overdue=&view=&after=`"""
    actor, wanted = request.actor, TopicFilter.from_mapping(request.GET.dict())
    after = request.GET.get("after", "")
    found, following = read.topics(actor, wanted, after=int(after) if after.isdecimal() and len(after) < 18 else 0)
    view = read.view_of(actor, wanted)
    both = actor.holds(permissions.WATCH_KINDS) and bool(actor.bodies(permissions.BODY_KINDS))
    return render(
        request,
        "coordination/topics.html",
        {
            "tab": "topics",
            "rows": [_row(t) for t in found],
            "wanted": wanted,
            "numbers": _numbers(actor, view, wanted),
            "views": [(v, w, v == view) for v, w in (("area", _("辖区的")), ("body", _("本单位的")))] if both else [],
            "stages": [(s.token, s.label) for s in TOPIC.stages.values()],
            "tops": board.tops().items(),
            "subdistricts": [(d.code, d.short_name) for d in territory.divisions(9) if _reaches(actor, d.code)],
            "filtered": bool(wanted.as_query()),
            "next_url": _address(wanted, after=str(following)) if following else "",
            "may_set": actor.kind == "person" and actor.holds(CHIEFS),
            "now": clock.now(),
        },
    )


def _reaches(actor: Actor, code: str) -> bool:
    return actor.holds(permissions.WATCH_KINDS, code)


def _address(wanted: TopicFilter, **changes: str) -> str:
    query = QueryDict(mutable=True)
    query.update({k: v for k, v in {**wanted.as_query(), **changes}.items() if v})
    return f"?{query.urlencode()}"


def _row(topic: Topic) -> Row:
    stage, view = topic.matter.stage, response.class_by_code(topic.class_code)
    late = stage == "working" and topic.target_on is not None and topic.target_on < clock.today()
    owner = organisations.body_name(topic.matter.body_id, short=True) if topic.matter.body_id else ""
    return Row(topic, view.name if view else topic.class_code, TOPIC.stages[stage].label, "late" if late else TONES[stage],
               owner, late)  # fmt: skip


def _numbers(actor: Actor, view: str, wanted: TopicFilter) -> dict[str, Any]:
    found = read.numbers(actor, view)
    keep = {"view": wanted.view} if wanted.view else {}
    tiles = [
        (TOPIC.stages[stage].label, found.stages.get(stage, 0), _address(TopicFilter(stage=stage, **keep)), tone)
        for stage, tone in (("found", "soon"), ("working", ""), ("checking", "soon"), ("cured", ""))
    ]
    tiles.insert(2, (_("过了目标日期"), found.overdue, _address(TopicFilter(overdue="1", **keep)), "late"))
    share = f"{100 * found.in_topics / found.cases:.1f}%" if found.cases else "—"
    return {"tiles": tiles, "share": share, "cases": found.cases, "in_topics": found.in_topics, "days": found.days}


# --- one ---------------------------------------------------------------------------------------------------
@require_safe
@never_cache
@require(*KINDS)
def one(request: ActorRequest, id: int) -> HttpResponse:
    """`/coordination/topics/7/`"""
    return _page(request, read.topic_for(request.actor, id))


@require_POST
@never_cache
@require(*KINDS)
def move(request: ActorRequest, id: int) -> HttpResponse:
    """Take the step that the form names in `verb`."""
    topic, verb = read.topic_for(request.actor, id), request.POST.get("verb", "")[:24]
    form = TopicStepForm(verb, read.division_of(topic), request.POST)
    if verb not in TOPIC.moves:
        raise Invalid("unknown_verb", _("这类事项没有这个动作。"))
    read.may(request.actor, topic, verb, _key(request.POST.get("measure", ""))).or_forbidden()
    if not form.is_valid():
        return _page(request, topic, form, status=422)
    try:
        topics.move_topic(actor=request.actor, topic=topic, step=form.step())
    except (Invalid, Conflict) as refused:
        topic = read.topic_for(request.actor, id)
        onto_form(form, refused)
        again = request.POST.copy()
        again["version"] = str(topic.matter.version)
        form.data = again
        return _page(request, topic, form, status=refused.status)
    messages.success(request, _("已记下：%(verb)s。") % {"verb": TOPIC.moves[verb].label})
    return redirect("coordination:topic", id=id)


def _key(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the history in words."""

    label: Any
    who: str
    at: datetime
    facts: list[tuple[Any, str]]
    texts: list[str]
    erased: bool
    bad: bool


def _page(request: ActorRequest, topic: Topic, form: TopicStepForm | None = None, status: int = 200) -> HttpResponse:
    actor, matter = request.actor, topic.matter
    measures = read.measures(topic)
    cases = read.cases_of(actor, topic)
    weeks = places.weeks_of(topic, measures)
    steps = _steps(actor, topic, form)
    context = {
        "tab": "topics",
        "topic": topic,
        "matter": matter,
        "row": _row(topic),
        "place": board.place_name(_spot(matter)),
        "rule": places.rule_of(topic),
        "measures": [
            (m, organisations.body_name(m.body_id), MeasureState(m.state).label, _measure_forms(actor, topic, m, form))
            for m in measures
        ],
        "cases": [(c, response.number_of_case(c), board.stage_label(c.matter.stage)) for c in cases.rows[:100]],
        "seen": len(cases.rows),
        "hidden": cases.hidden,
        "features": [_feature(c) for c in cases.rows],
        "assessment": places.assessment(topic) if matter.stage in ("working", "checking") else None,
        "charts": [("wide", chart(weeks, WIDE)), ("slim", chart(weeks, SLIM))],
        "told": _tell(read.history(actor, topic)),
        "steps": [s for s in steps if s[1] is not None],
        "refused": [s for s in steps if s[1] is None],
        "form": form if form is not None and form.errors else None,
        "has_errors": status >= 400,
        "letters": letters(bodies=True) if any(s[1] and "body" in s[1].fields for s in steps) else None,
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt",
        "now": clock.now(),
    }
    return render(request, "coordination/topic.html", context, status=status)


class _Place:
    """Codes of a matter as board.place_name asks for them."""

    def __init__(self, matter: Any) -> None:
        self.area, self.subdistrict, self.community = matter.area, matter.subdistrict, matter.community


def _spot(matter: Any) -> Any:
    return _Place(matter)


def _steps(
    actor: Actor, topic: Topic, refused: TopicStepForm | None
) -> list[tuple[Any, TopicStepForm | None, Any, bool]]:
    """(arrow, its form or None, why not, whether it stands open)"""
    found: list[tuple[Any, TopicStepForm | None, Any, bool]] = []
    for arrow, allowed in read.options_for(actor, topic):
        mine = refused is not None and refused.verb == arrow.verb
        if not allowed:
            if arrow.verb != "note":
                found.append((arrow, None, allowed.reason, False))
            continue
        form = refused if mine else _empty(arrow.verb, topic)
        found.append((arrow, form, "", mine))
    if topic.matter.stage == "checking" and (counted := places.assessment(topic)) is not None and counted.cured:
        found.sort(key=lambda s: s[0].verb != "cure")
    if (
        refused is None
        and found
        and (first := next((n for n, s in enumerate(found) if s[1] is not None), None)) is not None
    ):
        arrow, form, reason, _open = found[first]
        found[first] = (arrow, form, reason, arrow.verb != "note")
    return found


def _empty(verb: str, topic: Topic, **initial: Any) -> TopicStepForm:
    return TopicStepForm(verb, read.division_of(topic), initial={"version": topic.matter.version, **initial})


def _measure_forms(actor: Actor, topic: Topic, measure: Any, refused: TopicStepForm | None) -> list[Any]:
    """The steps of one measure that this actor may take: (arrow, form)."""
    if topic.matter.stage != "working" or measure.state != MeasureState.PLANNED:
        return []
    found = []
    for verb in ("do_measure", "drop_measure"):
        if read.may(actor, topic, verb, measure.pk):
            mine = refused is not None and refused.verb == verb and refused.data.get("measure") == str(measure.pk)
            form = refused if mine and refused is not None else _empty(verb, topic, measure=measure.pk)
            if not mine:
                form.auto_id = f"{verb}_{measure.pk}_%s"
            found.append((TOPIC.moves[verb], form, mine))
    return found


def _feature(case: Any) -> dict[str, Any]:
    properties = {"id": case.pk, "u": urgency_of(case.matter)}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": [case.lon, case.lat]},
    }


def _tell(lines: list[Line]) -> list[Told]:
    """The history, the newest first."""
    who = names.of([line.actor for line in lines])
    return [
        Told(
            LABELS.get(line.verb, line.label),
            who.get(line.actor) or (_("系统") if line.actor == "system" else line.actor),
            line.at,
            [
                (label, words)
                for name, raw in line.facts.items()
                if (label := _label(name)) and (words := _said(name, raw))
            ],
            [str(t) for t in line.personal.values()],
            line.erased,
            line.verb in ("dismiss", "send_back"),
        )
        for line in reversed(lines)
    ]


def _label(name: str) -> Any:
    return {
        "class": _("问题类型"), "cases": _("案件"), "added": _("新增"), "body": _("单位"), "target": _("目标日期"),
        "due": _("完成日期"), "before": _("立题前"), "after": _("最近"), "days": _("天数"), "measures": _("完成措施"),
    }.get(name)  # fmt: skip


def _said(name: str, raw: Any) -> str:
    if name == "class":
        view = response.class_by_code(str(raw))
        return view.name if view else str(raw)
    if name == "body":
        return organisations.body_name(int(raw))
    return _("%(n)s 件") % {"n": raw} if name in ("cases", "added", "before", "after") else str(raw)


# --- by hand, and the rules ------------------------------------------------------------------------------------
@require(*CHIEFS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """`/coordination/topics/new/?case=110102-…`: a class and a place; a case lends its own."""
    actor = request.actor
    held = [p.division for p in actor.posts if p.kind in CHIEFS and p.division]
    communities = division_choices(held, communities=True)[1:]
    posted = request.method == "POST"
    form = NewTopicForm(communities, request.POST if posted else None, initial=_from_case(request))
    status = 200
    if posted and form.is_valid():
        try:
            topic = topic_finding.raise_topic(actor=actor, wanted=form.wanted())
        except (Invalid, Conflict) as refused:
            there = refused.details.get("topic")
            if "place" in refused.fields:
                refused.fields["community"] = refused.fields.pop("place")
            if there:
                refused.message = _("这里已经有同一类的专题：%(url)s") % {
                    "url": reverse("coordination:topic", args=[there])
                }
            onto_form(form, refused)
            status = refused.status
        else:
            messages.success(request, _("专题已设立，收进 %(n)s 件案件。") % {"n": topic.case_count})
            return redirect("coordination:topic", id=topic.pk)
    elif posted:
        status = 422
    center = ",".join(str(form[name].value()) for name in ("lon", "lat")) if form["lon"].value() else ""
    context = {
        "tab": "topics", "form": form, "has_errors": status >= 400, "center": center,
        "letters": letters(classes=True, divisions=True),
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt",
    }  # fmt: skip
    return render(request, "coordination/topic_new.html", context, status=status)


def _from_case(request: ActorRequest) -> dict[str, Any]:
    """Class and place of the case that the address names, if the actor sees it."""
    number = request.GET.get("case", "")[:24]
    if not number:
        return {}
    try:
        case = response.case_for(request.actor, number)
    except (Missing, Invalid):
        return {}
    return {"class_code": response.class_of(case).code, "lon": f"{case.lon:.6f}", "lat": f"{case.lat:.6f}"}


@require_safe
@never_cache
@require(*RULE_KINDS)
def rules(request: ActorRequest) -> HttpResponse:
    """`/coordination/topics/rules/`: when a topic is found and when it counts as cured."""
    permissions.can_read_topic_rules(request.actor).or_forbidden()
    may = permissions.can_change_topic_rules(request.actor)
    return render(request, "coordination/topic_rules.html", {"tab": "topics", "rules": rule_reads.rules(), "may": may})
