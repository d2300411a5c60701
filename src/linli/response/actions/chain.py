"""Report and the moves of the chain. Permission, then rule, then flow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.decision import YES
from linli.core.errors import Conflict, Invalid, Missing
from linli.files import actions as files
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.flow.rules import narrow
from linli.flow.statements import insert, swap
from linli.site import limits
from linli.territory import queries as territory
from linli.vault import actions as vault

from .. import permissions
from ..catalogue import ClassView, catalogue, class_for, view_of
from ..choices import Channel, Outcome, PlaceSource
from ..deadlines import due_times
from ..models import Case
from ..queries import routing
from ..receipts import code_matches, receipt_code
from ..rules import CASE, TEXT_NEED, number_of
from ..steps import Context, effect_of
from ..steps.checking import draw
from ..steps.clocks import arriving
from ..steps.filing import place_of_report
from ..texts import LINE_MAX, clean


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports. `client_key` makes a repeated sending harmless. Coordinates are WGS-84."""

    channel: str
    class_code: str
    lon: float | None = None
    lat: float | None = None
    description: str = ""
    address: str = ""
    place_source: str = PlaceSource.MAP
    division: str = ""  # a question that is about no place: the caller's subdistrict, or the district
    phone: str = ""
    name: str = ""
    consent: str = ""
    photo_keys: Sequence[str] = ()
    client_key: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the reporter takes home. `code` opens the private page; it is never stored."""

    matter_id: int
    number: str
    code: str
    stage: str
    class_name: str
    place: str
    due_at: datetime | None
    final_due_at: datetime | None
    provisional: bool
    repeated: bool = False


def report_case(*, actor: Actor, report: Report, then: Callable[[Case], Any] | None = None) -> Receipt:
    """Open a case: locate, class, route, deadlines, contact, photographs and journal in one transaction.

    `then` goes on with the new case in the same transaction: what it refuses was never reported either.
    Raises Invalid (fields say which), Forbidden. The same `client_key` answers with the first receipt.
    """
    permissions.can_report(actor, report.channel).or_forbidden()
    if report.channel not in Channel.values or report.place_source not in PlaceSource.values:
        raise Invalid("unknown_channel", _("不认识的来源。"))
    known = catalogue()
    view = class_for(known, report.class_code)
    description = clean(report.description, "description")
    address = clean(report.address, "address", limit=LINE_MAX)
    if not description and not report.photo_keys:
        sentence = _("请写几个字，或者附一张照片。")
        raise Invalid("description_required", sentence, fields={"description": [sentence]})
    lon, lat, located = place_of_report(report, view)
    now = clock.now()
    place = (located.community, located.subdistrict, located.district)
    routed = routing.decide(divisions=place, class_code=view.code, channel=report.channel, at=now)
    due = due_times(known, view, CASE.start, now, division=located.community or located.subdistrict)
    try:
        with transaction.atomic(), clock.at(now, actor=SYSTEM):
            matter = flow.open_matter(
                actor=actor,
                flow=CASE,
                verb="report",
                title=view.name_zh,
                where=flow.Where(
                    area=located.community or located.subdistrict or located.district,
                    subdistrict=located.subdistrict,
                    community=located.community,
                    grid=located.grid,
                ),
                due=due,
                facts={
                    "channel": str(report.channel),
                    "class": view.code,
                    "grid": located.grid,
                    "route": routed.fact,
                    "photos": len(report.photo_keys),
                    "contact": bool(report.phone),
                },
                personal={"description": description, "address": address},
                type_version_id=view.id,
                client_key=_stored_key(actor, report.client_key),
                simulated=report.simulated,
            )
            subject = f"case:{matter.pk}"
            contact_id = None
            if report.phone:
                contact_id = vault.keep_contact(
                    actor=actor,
                    subject=subject,
                    purpose="case_contact",
                    phone=report.phone,
                    name=report.name,
                    consent=report.consent,
                    keep_days=limits.days(limits.Kept.CONTACT_OPEN),  # closing shortens it (upkeep)
                )
            if report.photo_keys:
                files.attach(actor=actor, keys=list(report.photo_keys), subject=subject)
            case = Case(
                matter=matter,
                case_class_id=view.id,
                channel=report.channel,
                lon=lon,
                lat=lat,
                place_source=PlaceSource.LIST if report.lon is None else report.place_source,
                near=located.near,
                suggested_body_id=routed.body_id,
                contact_id=contact_id,
                counted_from=now,
                photos=len(report.photo_keys),
                level=view.level,
            )
            insert(case)
            if then is not None:
                then(case)
    except flow.AlreadyOpened as earlier:
        return receipt_for(Matter.objects.get(pk=earlier.matter_id), repeated=True)
    return receipt_for(matter, view=view)


def _stored_key(actor: Actor, key: str) -> str | None:
    """What is kept of a client key. Whoever sends the key again is given the receipt, so the key itself is not kept."""
    return hashlib.sha256(f"{actor.label}/{key}".encode()).hexdigest() if key else None


def receipt_for(matter: Matter, *, view: ClassView | None = None, repeated: bool = False) -> Receipt:
    """The receipt of a matter; the caller has shown the right to it."""
    view = view or catalogue().by_id[matter.type_version_id or 0]
    place = territory.division_name(matter.community or matter.subdistrict or matter.area)
    return Receipt(
        matter_id=matter.pk,
        number=number_of(matter.pk, matter.opened_at),
        code=receipt_code(matter.key.hex),
        stage=matter.stage,
        class_name=view.name,
        place=place,
        due_at=matter.due_at,
        final_due_at=matter.final_due_at,
        provisional=matter.due_provisional,
        repeated=repeated,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One press of a button: the verb, what was seen, and what the form said."""

    verb: str
    version: int
    text: str = ""  # reason, result or note: personal until cleared
    body_id: int | None = None
    class_code: str = ""
    outcome: str = ""
    satisfaction: str = ""
    photo_keys: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)  # what only this verb asks


def move_case(*, actor: Actor, case: Case, step: Step) -> Matter:
    """Take one step of the chain. Raises Forbidden, Invalid, Conflict (names who was first)."""
    matter = case.matter
    if not permissions.can_see(actor, matter):
        _missing()
    return _move(actor, case, step, permissions.can_move(actor, matter, step.verb))


def rate_case(*, actor: Actor, case: Case, code: str, step: Step) -> Matter:
    """The reporter's own answer on the private page: solved or not, satisfied or not."""
    if not code_matches(case.matter.key.hex, code):
        _missing()
    if step.outcome == "unsolved":
        verb, outcome = "reopen", ""
    else:
        verb, outcome = "rate", Outcome.SOLVED
    return _move(
        actor,
        case,
        Step(verb, step.version, step.text, outcome=outcome, satisfaction=step.satisfaction),
        YES,
    )


def _missing() -> None:
    raise Missing("no_such_case", _("没有这件事，或它不在您的辖区。"))


def _move(actor: Actor, case: Case, step: Step, allowed: Any) -> Matter:
    matter, verb = case.matter, step.verb
    known = catalogue()
    view = view_of(known, case.case_class_id, case.limit_class_id)
    c = Context(actor=actor, case=case, step=step, now=clock.now(), known=known, view=view)
    c.personal[TEXT_NEED.get(verb, "text")] = clean(step.text, TEXT_NEED.get(verb, "text"))
    if step.photo_keys:
        c.facts |= {"photos": len(step.photo_keys), "photo_keys": list(step.photo_keys)}
    allowed.or_forbidden()
    arrow = narrow(CASE, c.view.variant).moves.get(verb)
    change = effect_of(verb)
    # what is stale or not possible now is refused by the flow, which says why and names who was first
    if change and arrow and matter.version == step.version and matter.stage in arrow.source:
        try:
            change(c)
        except Conflict:  # what it asked for may be gone because somebody else was faster: that is said instead
            flow.check_unmoved(matter)
            raise
    if arrow is not None and arrow.target is not None:
        c.due = c.due or arriving(c, arrow.target)
        draw(c, arrow.target)
    with transaction.atomic(), clock.at(c.now, actor=SYSTEM):  # a step has one moment: what is due counts from its line
        for lock in c.first:
            lock()
        flow.move(
            actor=actor,
            matter=matter,
            version=step.version,
            verb=verb,
            flow=CASE,
            allowed=allowed,
            facts=c.facts,
            personal=c.personal,
            given={
                **c.given,
                "photos": list(step.photo_keys),
                "outcome": step.outcome,
                "satisfaction": step.satisfaction,
            },
            due=c.due,
            values=c.values,
        )
        if step.photo_keys:
            files.attach(actor=actor, keys=list(step.photo_keys), subject=f"case:{matter.pk}")
            c.on_case["photos"] = case.photos + len(step.photo_keys)
        if c.on_case:
            # the swap on the matter's version keeps everybody else out, so these need no swap of their own
            swap(Case, c.on_case, matter_id=case.pk)
            for name, value in c.on_case.items():
                setattr(case, name, value)
        for write in c.then:
            write()
        for pressed, extra in c.pressed:
            _move(SYSTEM, case, Step(pressed, matter.version, extra=extra), YES)
    return matter


def press(*, case: Case, verb: str, extra: Mapping[str, Any] | None = None) -> Matter:
    """What the clock does by itself. The caller is upkeep."""
    return _move(SYSTEM, case, Step(verb, case.matter.version, extra=dict(extra or {})), YES)


def first_mover(error: Conflict) -> str:
    """The actor label in a 'moved_meanwhile' conflict, for the sentence that names who was first."""
    return str(error.details.get("first", ""))
