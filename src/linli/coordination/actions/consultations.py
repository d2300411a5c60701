"""Plan a consultation, fill its agenda, decide, follow. What it does to a summons is done in the same transaction.

The consultation's line is swapped before that of the summons, and summons in the order of their ids: two chiefs at once
cannot wait for each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.decision import YES
from linli.core.errors import Conflict, Invalid, Missing
from linli.flow import actions as flow
from linli.flow.rules import check_move
from linli.organisations import queries as organisations
from linli.response.texts import clean
from linli.territory import queries as territory

from .. import permissions
from ..choices import AnswerState, DecisionState, ItemSource
from ..models import AgendaItem, Consultation, Summons, SummonsAnswer
from ..queries.calls import named
from ..rules import CONSULTATION, SUMMONS
from .agenda import OnSummons, Press, decide_press

NEED = {
    "cancel": "reason", "note": "text", "defer_item": "reason", "reject_item": "reason", "decide_item": "result",
    "do_item": "result",
}  # fmt: skip
TRIES = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One press on a consultation. Which fields count depends on the verb."""

    verb: str
    version: int
    item_id: int | None = None
    summons_id: int | None = None
    title: str = ""
    order: Sequence[int] = ()
    text: str = ""
    body_id: int | None = None
    due_on: date | None = None
    meets_at: datetime | None = None
    venue: str = ""


def plan_consultation(
    *, actor: Actor, meets_at: datetime | None, venue: str, client_key: str = "", simulated: bool = False
) -> int:
    """A meeting that is to come; its id. Raises Forbidden, Invalid. A repeated `client_key` plans no second one."""
    permissions.can_convene(actor).or_forbidden()
    moment = _coming(meets_at)
    where = clean(venue, "venue", limit=80)
    day = clock.local(moment)
    key = hashlib.sha256(f"consultation/{actor.label}/{client_key}".encode()).hexdigest() if client_key else None
    try:
        with transaction.atomic():
            matter = flow.open_matter(
                actor=actor, flow=CONSULTATION, verb="plan", title=f"区街民生问题共商 {day:%Y-%m-%d}",
                where=flow.Where(territory.district().code), due=flow.DueTimes(stage=moment),
                facts={"meets_at": moment.isoformat()}, client_key=key, simulated=simulated,
            )  # fmt: skip
            Consultation.objects.create(matter=matter, meets_at=moment, venue=where)
    except flow.AlreadyOpened as earlier:
        return earlier.matter_id
    return int(matter.pk)


def _coming(meets_at: datetime | None) -> datetime:
    """The moment of a meeting: not longer ago than today, not later than in a year. Raises Invalid."""
    now = clock.now()
    if meets_at is None:
        raise _bad("meets_at_required", "meets_at", _("请选择开会的日期和时间。"))
    if clock.local(meets_at).date() < clock.today() or meets_at > now + timedelta(days=366):
        raise _bad("meets_at_out_of_bounds", "meets_at", _("开会的日期要在今天和一年以内。"))
    return meets_at


def press_consultation(*, actor: Actor, consultation_id: int, step: Step) -> int:
    """Take a step; the id of the consultation. Raises Missing, Forbidden, Invalid, Conflict (names who was first)."""
    move = CONSULTATION.moves.get(step.verb)
    if move is None or move.locked:
        raise Invalid("unknown_verb", _("这类事项没有这个动作。"), verb=step.verb)
    permissions.can_convene(actor).or_forbidden()
    need = NEED.get(step.verb)
    for left in range(TRIES, 0, -1):
        found = Consultation.objects.select_related("matter").filter(pk=consultation_id).first()
        if found is None:
            raise Missing("no_such_consultation", _("没有这次共商。"))
        if found.matter.version != step.version:
            raise flow.too_late(found.matter.pk)
        step = replace(step, text=clean(step.text, need, required=True) if need else "")
        check_move(CONSULTATION, found.matter.stage, step.verb, {need or "": step.text})
        if step.verb == "do_item":
            permissions.can_conclude(actor, _doers(found, step)).or_forbidden()
        press = _TAKE[step.verb](found, step)
        try:
            with transaction.atomic(), clock.at(press.now, actor=SYSTEM):
                _write(actor, found, step, press, need)
            return int(found.pk)
        except Conflict as late:
            if late.code != "moved_meanwhile" or left == 1:
                raise
    raise AssertionError("unreachable")


def _write(actor: Actor, found: Consultation, step: Step, press: Press, need: str | None) -> None:
    matter = found.matter
    flow.move(
        actor=actor, matter=matter, version=step.version, verb=step.verb, flow=CONSULTATION, allowed=YES,
        facts=press.facts, personal={need: step.text} if need else None, values=press.values,
    )  # fmt: skip
    for on in sorted(press.summons, key=lambda on: on.summons.pk):
        theirs = on.summons.matter
        flow.move(
            actor=actor, matter=theirs, version=theirs.version, verb=on.verb, flow=SUMMONS, allowed=YES,
            facts={"consultation": matter.pk, **on.facts}, personal=on.personal, due=on.due,
        )  # fmt: skip
    for write in press.rows:  # after the swap of the summons: who is second reads that, and not a broken constraint
        write(matter)
    if press.closes:
        flow.move(
            actor=SYSTEM, matter=matter, version=matter.version, verb="close", flow=CONSULTATION, allowed=YES, facts={}
        )


# --- what each verb does: decided first, written in the transaction -------------------------------------------------
def _items(found: Consultation) -> list[AgendaItem]:
    return list(AgendaItem.objects.filter(consultation=found).order_by("order"))


def _item(found: Consultation, step: Step, state: str) -> AgendaItem:
    """The item that is meant. Raises Invalid; Conflict (names who was first) if it is not in that state any more."""
    item = next((i for i in _items(found) if i.pk == step.item_id), None)
    if item is None:
        raise Conflict("no_such_item", _("议程里没有这一项，可能刚被移出，请刷新。"))
    if item.state != state:
        raise flow.too_late(found.matter.pk)
    return item


def summons_of(item: AgendaItem) -> Summons | None:
    """The summons that an item is about."""
    if item.source != ItemSource.SUMMONS:
        return None
    return Summons.objects.select_related("matter", "kind").get(pk=item.subject_id)


def _doers(found: Consultation, step: Step) -> frozenset[int]:
    """The bodies whose work a decided item is: its lead, and those that were called and not released."""
    item = _item(found, step, DecisionState.DECIDED)
    called = SummonsAnswer.objects.filter(summons_id=item.subject_id).exclude(state=AnswerState.RELEASED)
    return named(called) | ({organisations.resolve(item.body_id)} if item.body_id else frozenset())


def _list(found: Consultation, step: Step) -> Press:
    """A summons that failed, or a proposed item with its title."""
    order = max((i.order for i in _items(found)), default=0) + 1
    if step.summons_id is None:
        title = clean(step.title, "title", limit=80, required=True)
        make = AgendaItem(consultation=found, order=order, source=ItemSource.PROPOSED, title=title)
        return Press({"source": "proposed", "order": order}, rows=[lambda _matter: make.save()])
    summons = Summons.objects.select_related("matter", "kind").filter(pk=step.summons_id).first()
    if summons is None:
        raise Missing("no_such_summons", _("没有这次吹哨，或它不在您的辖区。"))
    if summons.matter.stage != "failed":  # on another agenda, or withdrawn meanwhile
        raise flow.too_late(summons.matter.pk)
    make = AgendaItem(
        consultation=found, order=order, source=ItemSource.SUMMONS, subject=summons.matter, title=summons.matter.title
    )
    return Press(
        {"source": "summons", "summons": summons.pk, "order": order},
        rows=[lambda _matter: make.save()],
        summons=[OnSummons(summons, "table", flow.DueTimes())],
    )


def _drop(found: Consultation, step: Step) -> Press:
    item = _item(found, step, DecisionState.LISTED)
    summons = summons_of(item)
    back = [OnSummons(summons, "untable", flow.DueTimes(), {"reason": _("移出议程")})] if summons else []
    return Press({"order": item.order}, rows=[lambda _matter: item.delete()], summons=back)


def _reorder(found: Consultation, step: Step) -> Press:
    """All items in their new order. In two rounds: a place is held by one item at every moment."""
    items = {i.pk: i for i in _items(found)}
    if sorted(step.order) != sorted(items):
        raise flow.too_late(found.matter.pk)  # somebody added or took away an item meanwhile

    def write(_matter: Any) -> None:
        for start in (1000, 1):
            for place, pk in enumerate(step.order, start):
                AgendaItem.objects.filter(pk=pk).update(order=place)

    return Press({"order": [items[pk].order for pk in step.order]}, rows=[write])


def _reschedule(found: Consultation, step: Step) -> Press:
    moment, where = _coming(step.meets_at), clean(step.venue, "venue", limit=80)

    def write(_matter: Any) -> None:
        Consultation.objects.filter(pk=found.pk).update(meets_at=moment, venue=where)

    facts = {"from": found.meets_at.isoformat(), "meets_at": moment.isoformat()}
    return Press(facts, rows=[write], values={"due_at": moment})


def _hold(found: Consultation, step: Step) -> Press:
    if not _items(found):
        raise Conflict("empty_agenda", _("议程还是空的，先列入议题再召开。"))
    now = clock.now()

    def write(_matter: Any) -> None:
        Consultation.objects.filter(pk=found.pk).update(held_at=now)

    return Press({"items": len(_items(found))}, rows=[write], values={"due_at": None})


def _cancel(found: Consultation, step: Step) -> Press:
    """The items that wait go back to where they came from."""
    listed = [i for i in _items(found) if i.state == DecisionState.LISTED]
    back = [OnSummons(s, "untable", flow.DueTimes(), {"reason": step.text}) for i in listed if (s := summons_of(i))]

    def write(_matter: Any) -> None:
        AgendaItem.objects.filter(pk__in=[i.pk for i in listed]).update(state=DecisionState.DEFERRED)

    return Press({"items": len(listed)}, rows=[write], summons=back)


def _note(found: Consultation, step: Step) -> Press:
    return Press({})


def _settle_item(found: Consultation, step: Step) -> Press:
    """decide, defer, reject, do: one item."""
    before = DecisionState.DECIDED if step.verb == "do_item" else DecisionState.LISTED
    item = _item(found, step, before)
    body = 0
    if step.verb == "decide_item":
        body = _lead(step.body_id)
        _due(step.due_on)
    return decide_press(
        item, summons_of(item), _items(found), verb=step.verb, text=step.text, body_id=body, due_on=step.due_on
    )


def _lead(body_id: int | None) -> int:
    found = organisations.body(organisations.resolve(body_id)) if body_id else None
    if found is None or not found.is_active:
        raise _bad("unknown_body", "body", _("请选择牵头单位。"))
    return found.id


def _due(due_on: date | None) -> date:
    if due_on is None:
        raise _bad("due_on_required", "due_on", _("请选择落实期限。"))
    if not clock.today() <= due_on <= clock.today() + timedelta(days=3 * 366):
        raise _bad("due_on_out_of_bounds", "due_on", _("落实期限要在今天和三年以内。"))
    return due_on


def _bad(code: str, field: str, sentence: str) -> Invalid:
    return Invalid(code, sentence, fields={field: [sentence]})


_TAKE = {
    "list_item": _list,
    "drop_item": _drop,
    "reorder": _reorder,
    "reschedule": _reschedule,
    "hold": _hold,
    "cancel": _cancel,
    "note": _note,
    "decide_item": _settle_item,
    "defer_item": _settle_item,
    "reject_item": _settle_item,
    "do_item": _settle_item,
}
