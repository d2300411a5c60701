"""One summons as its page and its sheet show it: the bodies' parts, what may be pressed, the journal in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.flow import queries as flow
from linli.flow.queries import Line
from linli.flow.rules import Flow
from linli.organisations import queries as organisations
from linli.response import permissions as case_permissions
from linli.response.rules import number_of as case_number
from linli.site.templatetags.parts import when_text
from linli.territory import queries as territory
from linli.vault import names

from ..answering import may
from ..choices import AnswerMode, AnswerState, Verdict
from ..models import Summons, SummonsAnswer, SummonsCase
from ..rules import CONSULTATION, SUMMONS
from .calls import allowed_to, can_read_words, kind_name, load, named, number_of, owed, own_bodies

BAD = frozenset({"fail", "lapse", "withdraw", "alarm", "turn_down", "cancel", "reject_item"})


@dataclass(frozen=True, slots=True)
class PartView:
    """One body's part. `verbs`: what this actor may press for it now."""

    row: SummonsAnswer
    name: str
    mode: Any
    state: Any
    verdict: Any
    text: str
    erased: bool
    photos: tuple[str, ...]
    verbs: tuple[str, ...]
    late: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline."""

    label: Any
    who: str
    at: datetime
    facts: list[tuple[Any, str]]
    texts: list[tuple[Any, str]]
    erased: bool
    hidden: bool
    hash: str
    state: str
    target: Any


@dataclass(frozen=True, slots=True)
class Story:
    """Everything on the page of a summons."""

    summons: Summons
    matter: Any
    number: str
    kind: str
    stage: Any
    place: str
    question: str
    erased: bool
    words: bool
    parts: list[PartView]
    cases: list[tuple[str, str, bool]]
    verbs: dict[str, Decision]
    told: list[Told]
    reason: str = ""
    who: str = ""


def story(actor: Actor, summons_id: int) -> Story:
    """In the actor's scope. Raises Missing."""
    summons, rows = load(actor, summons_id)
    matter = summons.matter
    words = can_read_words(actor, matter.subdistrict, named(rows))
    lines = flow.history(matter, SUMMONS, personal=words)
    by_seq = {line.seq: line for line in lines}
    mine = own_bodies(actor) if actor.kind == "person" else frozenset()
    called = names.of({line.actor for line in lines})
    failed = next((line for line in reversed(lines) if line.verb == "fail"), None)
    place = territory.division_name(matter.subdistrict, short=True)
    return Story(
        summons=summons,
        matter=matter,
        number=number_of(matter),
        kind=kind_name(summons.kind),
        stage=SUMMONS.stages[matter.stage],
        place=f"{place} {summons.place}".strip(),
        question=str(lines[0].personal.get("question", "")),
        erased=lines[0].erased,
        words=words,
        parts=[_part(p, by_seq, mine, matter.stage) for p in rows],
        cases=_cases(actor, summons),
        verbs=_verbs(actor, matter, rows),
        told=tell(lines, SUMMONS, words=words, called=called),
        reason=str(failed.personal.get("reason", "")) if failed else "",
        who=called.get(lines[0].actor, _("系统")),
    )


def _part(p: SummonsAnswer, lines: Mapping[int, Line], mine: frozenset[int], stage: str) -> PartView:
    line = lines.get(p.answered_seq or 0)
    part = next(iter(owed([p])))
    verbs = tuple(v for v in ("sign", "arrive", "answer") if p.body_id in mine and may(v, part, stage))
    return PartView(
        row=p,
        name=organisations.body_name(p.body_id),
        mode=AnswerMode(p.mode).label,
        state=AnswerState(p.state).label,
        verdict=Verdict(p.verdict).label if p.verdict else "",
        text=str(line.personal.get("result", "")) if line else "",
        erased=bool(line and line.erased),
        photos=tuple(line.facts.get("photo_keys", ())) if line else (),
        verbs=verbs,
        late=p.late or p.state == AnswerState.MISSED,
    )


def _cases(actor: Actor, summons: Summons) -> list[tuple[str, str, bool]]:
    """(number, class, whether this actor may open it) of the cases that it is about (1 SQL)."""
    rows = SummonsCase.objects.filter(summons=summons).order_by("id").select_related("matter")
    found = [row.matter for row in rows]
    return [(case_number(m.pk, m.opened_at), m.title, bool(case_permissions.can_see(actor, m))) for m in found]


def _verbs(actor: Actor, matter: Any, rows: list[SummonsAnswer]) -> dict[str, Decision]:
    """The verbs of the chief that are possible in this stage, with what the actor's post says to them."""
    here = [m.verb for m in SUMMONS.verbs_from(matter.stage) if m.verb in CHIEFS]
    return {verb: allowed_to(actor, matter, rows, verb) for verb in here}


CHIEFS = ("settle", "fail", "release", "withdraw", "note")


# --- the journal in words -----------------------------------------------------------------------------------------
def tell(lines: list[Line], table: Flow, *, words: bool, called: Mapping[str, str]) -> list[Told]:
    """The whole journal, newest first. `words`: whether this reader may read what was said."""
    last = lines[-1].seq if lines else 0
    return [_told(line, table, words, called, line.seq == last) for line in reversed(lines)]


def _told(line: Line, table: Flow, words: bool, called: Mapping[str, str], newest: bool) -> Told:
    moved = line.target != line.source and line.source != "" and line.target in table.stages
    return Told(
        label=verb_label(line.verb, table),
        who=called.get(line.actor, _("系统") if line.actor == "system" else line.actor),
        at=line.at,
        facts=[
            (word, text) for name, raw in line.facts.items() if (word := _word(name)) and (text := _said(name, raw))
        ],
        texts=[(_word(n), str(t)) for n, t in line.personal.items() if t and _word(n)],
        erased=line.erased,
        hidden=not words and line.verb in SEALING,
        hash=line.hash[:10],
        state="bad" if line.verb in BAD else "now" if newest else "on",
        target=table.stages[line.target].label if moved else "",
    )


def verb_label(verb: str, table: Flow = SUMMONS) -> str:
    """The word for a line of the journal."""
    tables = (table, SUMMONS, CONSULTATION)
    found = next((t.moves[verb].label for t in tables if verb in t.moves), None) or VERBS.get(verb, verb)
    return str(found)


SEALING = frozenset(
    {"call", "answer", "release", "fail", "withdraw", "note", "decide", "complete", "untable", "turn_down"}
)
VERBS = {
    "call": gettext_lazy("吹哨"),
    "plan": gettext_lazy("安排共商"),
    "alarm": gettext_lazy("时限提醒"),
    "erase": gettext_lazy("文字按期删除"),
    "redue": gettext_lazy("重算时限"),
}


def _word(name: str) -> Any:
    return {
        "bodies": _("叫了"), "body": _("单位"), "late": _("时限"), "missed": _("逾期未响应"), "verdicts": _("评定"),
        "due_on": _("落实期限"), "meets_at": _("时间"), "order": _("议题"), "photo_keys": _("照片"),
        "question": _("请求"), "result": _("内容"), "reason": _("原因"), "text": _("备注"),
    }.get(name)  # fmt: skip


def _said(name: str, raw: Any) -> str:
    if raw in (None, "", [], {}):
        return ""
    if name in ("bodies", "missed"):
        return _("、").join(organisations.body_name(int(i), short=True) for i in raw)
    if name == "body":
        return organisations.body_name(int(raw)) if raw else ""
    if name == "late":
        return _("迟到") if raw else _("按时")
    if name == "verdicts":
        return _("；").join(f"{organisations.body_name(int(b), short=True)} {Verdict(v).label}" for b, v in raw.items())
    if name == "photo_keys":
        return _("%(n)s 张") % {"n": len(raw)}
    if name == "meets_at":
        return when_text(datetime.fromisoformat(raw))
    if name == "order":
        return _("第 %(n)s 项") % {"n": raw} if isinstance(raw, int) else ""
    return str(raw)
