"""The journal of a case in words: who did what, with which facts. Reads names; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from linli.accounts import queries as accounts
from linli.core import clock
from linli.flow.queries import Line
from linli.organisations import queries as organisations
from linli.organisations.choices import BodyKind
from linli.site.templatetags.parts import when_text
from linli.territory import queries as territory
from linli.worktime.explain import limit_text
from linli.worktime.rules import Limit, Unit

from .. import queries
from ..choices import CallResult, Channel, LadderTrigger, Level, Outcome, Satisfaction, TimeKind
from ..queries.calls import throws_of
from ..rules import CASE, label_of

BAD = frozenset({"ask_return", "rework", "reopen", "decline", "supervise", "escalate", "lapse", "give_up"})


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline."""

    seq: int
    verb: str
    label: Any
    who: str
    at: datetime
    facts: list[tuple[Any, str]]
    texts: list[tuple[Any, str]]
    erased: bool
    hash: str
    state: str  # on | now | bad
    target: Any


def account_of(label: str) -> int | None:
    """The account in an actor's label."""
    kind, _sep, number = label.partition(":")
    return int(number) if kind in {"person", "token"} and number.isdigit() else None


def names_of(labels: Iterable[str]) -> dict[str, str]:
    """Display names of actors (1 SQL)."""
    wanted = set(labels)
    known = accounts.names(i for label in wanted if (i := account_of(label)) is not None)
    return {label: _name(label, known) for label in wanted}


def _name(label: str, known: dict[int, str]) -> str:
    if label == "resident":
        return _("居民")
    if label == "system":
        return _("系统")
    number = account_of(label)
    name = known.get(number, _("已停用的账号")) if number is not None else label
    return _("%(name)s（接口）") % {"name": name} if label.startswith("token") else name


def tell(lines: list[Line]) -> list[Told]:
    """The whole journal, newest first."""
    names = names_of(line.actor for line in lines)
    last = lines[-1].seq if lines else 0
    return [_told(line, names, line.seq == last) for line in reversed(lines)]


def _told(line: Line, names: dict[str, str], newest: bool) -> Told:
    state = "bad" if line.verb in BAD else "now" if newest else "on"
    moved = line.target != line.source and line.source != ""
    return Told(
        seq=line.seq,
        verb=line.verb,
        label=label_of(line.verb),
        who=names[line.actor],
        at=line.at,
        facts=[
            (word, value)
            for name, raw in _facts(line.facts).items()
            if (word := _label(name)) and (value := said(name, raw))
        ],
        # what was reported stands at the top of the page
        texts=[] if line.seq == 1 else [(_label(n) or n, str(text)) for n, text in line.personal.items() if text],
        erased=line.erased,
        hash=line.hash[:10],
        state=state,
        target=CASE.stages[line.target].label if moved and line.target in CASE.stages else "",
    )


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """An amount and its unit are one fact."""
    found = dict(facts)
    if "amount" in found and "unit" in found:
        found["limit"] = limit_text(Limit(int(found.pop("amount")), Unit(found.pop("unit")))).strip()
    return found


def _label(name: str) -> Any:
    """The word for a fact or a text; None for facts that are for programs only."""
    return {
        "channel": _("来源"),
        "class": _("问题类型"),
        "grid": _("网格"),
        "route": _("按派遣表应由"),
        "body": _("承办单位"),
        "photos": _("照片"),
        "article": _("依据的答复"),
        "owed": _("无人认领时由"),
        "kinds": _("邀请"),
        "bodies": _("邀请"),
        "claim_by": _("认领截止"),
        "outcome": _("是否解决"),
        "call": _("通话结果"),
        "attempt": _("第几次拨打"),
        "outside_hours": _("回访时间以外"),
        "sample": _("抽查核查"),
        "call_sample": _("抽查回访"),
        "satisfaction": _("是否满意"),
        "calendar": _("日历版本"),
        "final": _("办结时限"),
        "time": _("申请"),
        "limit": _("多少"),
        "until": _("到"),
        "level": _("提到"),
        "trigger": _("起因"),
        "joint": _("协办单位"),
        "to": _("转给"),
        "why": _("原因"),
        "description": _("问题描述"),
        "address": _("详细位置"),
        "reason": _("原因"),
        "result": _("处理结果"),
        "text": _("备注"),
    }.get(name)


def route_words(raw: dict[str, Any]) -> str:
    """Where the table sent a case, and by which line: 第 12 条（第 3 版）."""
    lead = organisations.body_name(raw.get("body")) or _("由区里决定")
    if not raw.get("rule"):
        return str(lead)
    return _("%(body)s（派遣规则第 %(table)s 版第 %(rule)s 条）") % {**raw, "body": lead}


_TOKENS: dict[str, Any] = {"time": TimeKind, "level": Level, "trigger": LadderTrigger}


def said(name: str, raw: Any) -> str:
    """A fact in words; "" for what says nothing."""
    if raw in (None, "", 0, False):
        return ""
    if name == "class":
        view = queries.class_by_code(str(raw))
        return view.name if view else str(raw)
    if name == "route" and isinstance(raw, dict):
        return route_words(raw)
    if name == "kinds":
        return _("、").join(str(BodyKind(k).label) for k in raw)
    if name in _TOKENS:
        return str(dict(_TOKENS[name].choices).get(str(raw), raw))
    if name in ("bodies", "joint"):
        return _("、").join(organisations.body_name(int(i)) for i in raw)
    if name in ("body", "owed", "route", "to"):
        return organisations.body_name(int(raw)) or str(raw)
    if name == "channel":
        return str(dict(Channel.choices).get(raw, raw))
    if name == "call":
        return str(dict(CallResult.choices).get(raw, raw))
    if name == "outside_hours":
        return _("是")
    if name in ("sample", "call_sample"):
        return _thrown(raw)
    if name == "outcome":
        return str(dict(Outcome.choices).get(raw, raw))
    if name == "satisfaction":
        return str(dict(Satisfaction.choices).get(raw, raw))
    if name == "photos":
        return _("%(n)s 张") % {"n": raw}
    if name == "grid":
        return f"{territory.division_name(str(raw))} {str(raw)[-3:]}"
    if name in ("final", "claim_by", "until"):
        return when_text(datetime.fromisoformat(str(raw)))
    if name == "why":
        return {"retention": _("保存期满"), "asked": _("本人要求")}.get(str(raw), str(raw))
    return str(raw)


@dataclass(frozen=True, slots=True)
class Thrown:
    """What the dice said, as the page of a case shows it."""

    of: str
    drawn: bool
    share: int
    version: str


def throws(lines: list[Line]) -> list[Thrown]:
    """The throws of the dice in a journal, with the version of the type whose share they went by."""
    return [Thrown(t.of, t.drawn, t.share, _version_words(t.type_id)) for t in throws_of(lines)]


def _thrown(raw: Any) -> str:
    if not isinstance(raw, dict):  # lines of an older release say the share alone
        return f"{raw}%"
    words = _("抽中，按 %(share)s%% 抽取") if raw.get("drawn") else _("未抽中，按 %(share)s%% 抽取")
    return words % {"share": raw.get("share")}


def _version_words(type_id: int) -> str:
    view = queries.class_by_id(type_id)
    return _("“%(name)s”第 %(id)s 号版本") % {"name": view.name, "id": type_id}


def first_sentence(details: dict[str, Any]) -> str:
    """Who was first, in one sentence, from the details of a 'moved_meanwhile' conflict."""
    actor, verb, at = (str(details.get(k, "")) for k in ("first", "verb", "at"))
    if not (actor and verb):
        return ""
    name = names_of([actor])[actor]
    when = f"{clock.local(datetime.fromisoformat(at)):%H:%M}" if at else ""
    return _("%(name)s在 %(when)s 先做了“%(verb)s”。") % {"name": name, "when": when, "verb": label_of(verb)}
