"""A change of the ground from its draft to its day: drafted, submitted, approved by somebody else, withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Conflict, Invalid, Missing
from linli.flow import actions as flow
from linli.territory import queries as territory

from .. import mapping, permissions
from ..choices import ChangeKind, LineKind
from ..models import ChangeLine, GroundChange
from ..queries import plans
from ..rules import CHANGE

NAME_MAX = 80
LINES_MOST = 3000
AHEAD_DAYS = 3 * 366  # a day further off is a typing error


def change_of(pk: int) -> GroundChange:
    """The change with its matter. Raises Missing."""
    found = GroundChange.objects.select_related("matter").filter(pk=pk).first()
    if found is None:
        raise Missing("no_such_change", _("没有这项改动。"))
    return found


def open_change(
    *, actor: Actor, kind: str, name: str, simulated: bool = False, then: Callable[[GroundChange], Any] | None = None
) -> GroundChange:
    """Begin a draft on the territory as it is now. `then` adds its parts in the same transaction. Raises Invalid."""
    allowed = permissions.can_draw_district(actor) if kind == ChangeKind.BORDERS else permissions.can_draw(actor)
    allowed.or_forbidden()
    said = checked_name(name)
    district = territory.district().code
    with transaction.atomic():
        matter = flow.open_matter(
            actor=actor, flow=CHANGE, verb="draft", title=said, where=flow.Where(area=district),
            due=flow.DueTimes(), facts={"kind": str(kind)}, simulated=simulated,
        )  # fmt: skip
        change = GroundChange.objects.create(
            matter=matter, kind=kind, name=said, base=territory.revision(), simulated=simulated
        )
        if then is not None:
            then(change)
    return change


def checked_name(name: str) -> str:
    """A public title. Raises Invalid."""
    said = " ".join(name.split())
    if not said or len(said) > NAME_MAX or "\x00" in said:
        sentence = _("请写名称，最多 %(n)s 个字。") % {"n": NAME_MAX}
        raise Invalid("bad_name", sentence, fields={"name": [sentence]})
    return said


def put_lines(*, actor: Actor, change: GroundChange, version: int, lines: Sequence[mapping.Line]) -> mapping.Mapped:
    """The lines of a border draft, all of them. Lines with problems are kept: a draft may be unfinished.

    Raises Invalid (too_many_lines, bad_lines), Conflict (moved meanwhile, or not a draft any more).
    """
    if len(lines) > LINES_MOST:
        sentence = _("一次改动最多 %(n)s 条。") % {"n": LINES_MOST}
        raise Invalid("too_many_lines", sentence, fields={"lines": [sentence]})
    _storable(lines)
    found = plans.plan(change, lines)
    with transaction.atomic():
        edit_line(actor, change, version, {"lines": len(lines)})
        ChangeLine.objects.filter(change=change).delete()
        rows = [
            ChangeLine(change=change, order=n, kind=x.kind, old=x.old, new=x.new, name=x.name, short_name=x.short_name)
            for n, x in enumerate(lines, 1)
        ]
        ChangeLine.objects.bulk_create(rows, batch_size=300)
        GroundChange.objects.filter(pk=change.pk).update(base=territory.revision())
    return found


def _storable(lines: Sequence[mapping.Line]) -> None:
    """What a table cannot keep is refused before anything is written: the rest of what is wrong may stay in a draft."""
    said: dict[str, list[Any]] = {}
    seen: dict[str, int] = {}
    for place, line in enumerate(lines, 1):
        if line.kind not in LineKind.values:
            said[f"line-{place}-kind"] = [_("请选这一条做什么。")]
        for name, text, most in (
            ("old", line.old, 15),
            ("new", line.new, 15),
            ("name", line.name, 100),
            ("short_name", line.short_name, 100),
        ):
            if len(text) > most or "\x00" in text:
                said[f"line-{place}-{name}"] = [
                    _("太长了，最多 %(n)s 个字。") % {"n": most} if most > 15 else _("请写编码，或从列表里选。")
                ]
        if line.old and line.old in seen:
            said[f"line-{place}-old"] = [_("这个编码已在第 %(n)s 条里。") % {"n": seen[line.old]}]
        seen.setdefault(line.old, place)
    if said:
        raise Invalid("bad_lines", _("这项改动还不能保存，请按提示修改。"), fields=said)


def rename(*, actor: Actor, change: GroundChange, version: int, name: str) -> None:
    """Another name for a draft."""
    said = checked_name(name)
    with transaction.atomic():
        edit_line(actor, change, version, {"named": True}, {"title": said})
        GroundChange.objects.filter(pk=change.pk).update(name=said)


def edit_line(
    actor: Actor, change: GroundChange, version: int, facts: Mapping[str, Any], values: Mapping[str, Any] | None = None
) -> None:
    """One line in the journal, and the version swapped: of two who edit the second is told. Inside a transaction."""
    flow.move(
        actor=actor, matter=change.matter, version=version, verb="edit", flow=CHANGE, allowed=drawing(actor, change),
        facts=facts, values={**(values or {}), "version": version + 1},
    )  # fmt: skip


def drawing(actor: Actor, change: GroundChange) -> Decision:
    """Whether the actor may edit this draft: borders concern the whole district, a grid its own scope."""
    if change.kind == ChangeKind.BORDERS:
        return permissions.can_draw_district(actor)
    return permissions.can_draw(actor, change.draft.scope)


def submit(*, actor: Actor, change: GroundChange, version: int, effective_on: date) -> mapping.Mapped:
    """Ask for approval, to take effect on a day. Everything is checked as on its day.

    Raises Invalid (fields name the lines; past_day, far_day), Conflict.
    """
    drawing(actor, change).or_forbidden()
    today = clock.today()
    if not today <= effective_on or (effective_on - today).days > AHEAD_DAYS:
        sentence = _("生效日期须是今天或以后，三年之内。")
        raise Invalid("bad_day", sentence, fields={"effective_on": [sentence]})
    found = checked_plan(change)
    count = plans.impact(actor=actor, found=found)
    said = {"before": {"open": count.open, "ended": count.ended, "posts": count.posts, "bodies": len(count.bodies)}}
    with transaction.atomic():
        flow.move(
            actor=actor, matter=change.matter, version=version, verb="submit", flow=CHANGE,
            allowed=drawing(actor, change), facts={"on": effective_on.isoformat(), "codes": len(found.moves.codes)},
            due=flow.DueTimes(stage=decided_by(effective_on)),
        )  # fmt: skip
        GroundChange.objects.filter(pk=change.pk).update(
            effective_on=effective_on, submitted_by=actor.label, said=said, base=territory.revision(), failure=""
        )
    return found


def decided_by(day: date) -> datetime:
    """When somebody else should have decided: before the day begins, in four hours at the earliest."""
    return max(datetime.combine(day, time(), tzinfo=clock.SHANGHAI), clock.now() + timedelta(hours=4))


def checked_plan(change: GroundChange) -> mapping.Mapped:
    """The plan, if nothing stands in its way. Raises Invalid (cannot_change) with a sentence for each line."""
    found = plans.plan(change)
    said = plans.failures(found.problems)
    if not said and not found.layers:
        said = {"lines": [_("与现行的界线相同，没有什么要改。")]}
    if not said:
        wrong = [p for p in territory.check_layers(found.layers) if not p.warning]
        if wrong:
            said = {"lines": [p.message for p in wrong[:20]]}
    if said:
        raise Invalid("cannot_change", _("这项改动还不能生效，请按提示修改。"), fields=said)
    return found


def approve(*, actor: Actor, change: GroundChange, version: int) -> None:
    """Somebody else agrees: it takes effect by itself on its day. Raises Forbidden, Conflict, Invalid (cannot_change)."""
    permissions.can_decide(actor, change.submitted_by).or_forbidden()
    checked_plan(change)
    with transaction.atomic():
        flow.move(
            actor=actor, matter=change.matter, version=version, verb="approve", flow=CHANGE,
            allowed=permissions.can_decide(actor, change.submitted_by),
            facts={"on": change.effective_on.isoformat() if change.effective_on else ""}, due=flow.DueTimes(),
        )  # fmt: skip


def send_back(*, actor: Actor, change: GroundChange, version: int, reason: str) -> None:
    """Back to its draft, with a reason."""
    _stop(actor, change, version, "send_back", reason, permissions.can_decide(actor, ""))


def withdraw(*, actor: Actor, change: GroundChange, version: int, reason: str) -> None:
    """Let it go. Who drafts may; so may who decides."""
    allowed = drawing(actor, change)
    _stop(actor, change, version, "withdraw", reason, allowed if allowed else permissions.can_decide(actor, ""))


def _stop(actor: Actor, change: GroundChange, version: int, verb: str, reason: str, allowed: Decision) -> None:
    if change.turn:
        raise Conflict("under_way", _("界线已经改了一半，请等它做完再撤销。"))
    with transaction.atomic():
        flow.move(
            actor=actor, matter=change.matter, version=version, verb=verb, flow=CHANGE, allowed=allowed, facts={},
            due=flow.DueTimes(), personal={"reason": reason.strip()} if reason.strip() else None,
        )  # fmt: skip
