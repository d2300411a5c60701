"""Summons as stored values: the kinds in force, one summons with its parts, who may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import YES, Decision
from linli.core.errors import Missing
from linli.flow import queries as flow
from linli.flow.models import Matter
from linli.organisations import queries as organisations
from linli.worktime import queries as worktime
from linli.worktime.rules import Due, Limit, Unit

from .. import permissions
from ..answering import Owed
from ..choices import AnswerState
from ..models import Summons, SummonsAnswer, SummonsKind


@dataclass(frozen=True, slots=True)
class KindView:
    """A kind of whistle with its limit."""

    id: int
    code: str
    name: str  # in the reader's language
    name_zh: str
    limit: Limit
    mode: str
    earliest_minutes: int
    latest_days: int
    judge_days: int
    provenance: str
    source: str


def kind_name(kind: SummonsKind) -> str:
    """In the reader's language."""
    return kind.name_en if (get_language() or "").startswith("en") else kind.name


def kinds() -> list[KindView]:
    """The kinds in force (1 SQL)."""
    return [_kind(k) for k in SummonsKind.objects.filter(in_force=True).order_by("id")]


def _kind(k: SummonsKind) -> KindView:
    return KindView(
        k.pk, k.code, kind_name(k), k.name, Limit(k.amount, Unit(k.unit)), k.mode, k.earliest_minutes, k.latest_days,
        k.judge_days, k.provenance, k.source,
    )  # fmt: skip


def due_of(kind: KindView, division: str, now: datetime | None = None) -> Due:
    """By when a body that is called now has to answer, by the working calendar of the place."""
    return worktime.due(now or clock.now(), kind.limit, division=division)


def own_bodies(actor: Actor) -> frozenset[int]:
    """The bodies the actor answers for, and those that were merged into them."""
    held = actor.bodies(permissions.BODY_KINDS)
    return frozenset(i for body in held for i in organisations.family(body))


def named(parts: Iterable[SummonsAnswer]) -> frozenset[int]:
    """The bodies that a summons names, and the ones that answer for them now."""
    ids = {p.body_id for p in parts}
    return frozenset(ids | {organisations.resolve(i) for i in ids})


def parts_of(summons_id: int) -> list[SummonsAnswer]:
    """The bodies' parts in the order in which they were named (1 SQL)."""
    return list(SummonsAnswer.objects.filter(summons_id=summons_id).order_by("id"))


def owed(parts: Iterable[SummonsAnswer]) -> list[Owed]:
    """As the rules see them."""
    return [Owed(p.body_id, p.mode, p.state, p.due_at) for p in parts]


def load(actor: Actor, summons_id: int) -> tuple[Summons, list[SummonsAnswer]]:
    """A summons and its parts, in the actor's scope (2 SQL). Raises Missing."""
    summons = Summons.objects.select_related("matter", "kind").filter(pk=summons_id).first()
    parts = parts_of(summons_id) if summons is not None else []
    if summons is None or not permissions.can_see(actor, summons.matter.subdistrict, named(parts)):
        raise missing()
    return summons, parts


def news(actor: Actor, summons_id: int, after: int) -> dict[str, Any]:
    """For the live page of one summons: whether it changed after a position, if the actor may see it."""
    position, ids = flow.changed_after(after)
    if summons_id not in ids:
        return {"position": position, "ids": []}
    try:
        load(actor, summons_id)
    except Missing:
        return {"position": position, "ids": []}
    return {"position": position, "ids": [summons_id]}


def allowed_to(
    actor: Actor, matter: Matter, parts: Iterable[SummonsAnswer], verb: str, body_id: int | None = None
) -> Decision:
    """Whether the actor may press `verb` at all, whatever the stage. `body_id`: for which of the named bodies."""
    live = [p for p in parts if p.state != AnswerState.RELEASED]
    if verb in ("sign", "arrive", "answer"):
        return permissions.can_answer(actor, organisations.resolve(body_id or 0))
    if verb in ("settle", "fail"):
        return permissions.can_judge(actor, matter.subdistrict, named(live))
    chief = permissions.can_summon(actor, matter.subdistrict)
    if verb == "note" and not chief:  # the bodies that were called may leave a note too
        return next((d for p in live if (d := permissions.can_answer(actor, organisations.resolve(p.body_id)))), chief)
    return chief


def missing() -> Missing:
    return Missing("no_such_summons", _("没有这次吹哨，或它不在您的辖区。"))


def can_read_words(actor: Actor, subdistrict: str, bodies: frozenset[int]) -> bool:
    """Whether what was asked and answered may be read: chiefs of the place, and every body that was called."""
    if actor.kind == "system":
        return True
    mine = bool(bodies & actor.bodies(permissions.BODY_KINDS))
    return actor.kind == "person" and (mine or actor.holds(permissions.CHIEF_KINDS, subdistrict))


def can_see_picture(actor: Actor, subject: str, request: Any = None) -> Decision:
    """Pictures of an answer ("summons:<id>") are for those who may read the words. Raises Missing."""
    number = subject.partition(":")[2]
    summons, parts = load(actor, int(number)) if number.isdecimal() and len(number) < 19 else (None, [])
    if summons is None or not can_read_words(actor, summons.matter.subdistrict, named(parts)):
        raise Missing("photo_missing", _("照片不存在，或者已经删除。"))
    return YES


def end_of(day: date) -> datetime:
    """The last minute of a day in Shanghai."""
    return datetime.combine(day, time(23, 59), clock.SHANGHAI)


def number_of(matter: Matter) -> str:
    """The number that people say: day of the whistle in Shanghai and a serial, as C261122-0042."""
    return f"C{clock.local(matter.opened_at):%y%m%d}-{matter.pk:04d}"
