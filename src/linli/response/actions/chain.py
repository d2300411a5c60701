"""Report and the moves of the chain. Permission, then rule, then flow."""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import YES
from linli.core.errors import Conflict, Invalid, Missing
from linli.files import actions as files
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.flow.statements import insert, swap
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli.vault import actions as vault
from linli.vault import keys

from .. import permissions
from ..catalogue import ClassView, catalogue
from ..choices import Channel, Outcome, PlaceSource, Satisfaction
from ..deadlines import due_times
from ..models import Case
from ..rules import CASE, number_of
from ..texts import LINE_MAX, clean

OPEN_DAYS = 365  # the longest a contact is kept while a case is open; closing shortens it (upkeep)


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports. `client_key` makes a repeated sending harmless. Coordinates are WGS-84."""

    channel: str
    class_code: str
    lon: float
    lat: float
    description: str = ""
    address: str = ""
    place_source: str = PlaceSource.MAP
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


def receipt_code(matter_key: str) -> str:
    """The ten letters of a matter's receipt: a mark of its key, so nothing that opens it lies in the database."""
    return _letters(keys.mac("receipt", matter_key.encode()))


def code_matches(matter_key: str, code: str) -> bool:
    """Whether `code` is this matter's, under any key that was in use. Constant time."""
    given = "".join(unicodedata.normalize("NFKC", code).split()).replace("-", "").upper().encode("utf-8", "replace")
    return any(hmac.compare_digest(_letters(m).encode(), given) for m in keys.macs("receipt", matter_key.encode()))


def _letters(mac: str) -> str:
    return base64.b32encode(bytes.fromhex(mac)[:8]).decode()[:10]


def report_case(*, actor: Actor, report: Report) -> Receipt:
    """Open a case: locate, class, route, deadlines, contact, photographs and journal in one transaction.

    Raises Invalid (fields say which), Forbidden. The same `client_key` answers with the first receipt.
    """
    permissions.can_report(actor, report.channel).or_forbidden()
    if report.channel not in Channel.values or report.place_source not in PlaceSource.values:
        raise Invalid("unknown_channel", _("不认识的来源。"))
    known = catalogue()
    view = _class_for(known.by_code, report.class_code)
    description = clean(report.description, "description")
    address = clean(report.address, "address", limit=LINE_MAX)
    if not description and not report.photo_keys:
        sentence = _("请写几个字，或者附一张照片。")
        raise Invalid("description_required", sentence, fields={"description": [sentence]})
    located = territory.check_point(report.lon, report.lat)
    body_id = known.route((located.community, located.subdistrict, located.district), view.code)
    now = clock.now()
    due = due_times(known, view, CASE.start, now)
    try:
        with transaction.atomic():
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
                    "route": body_id,
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
                    keep_days=OPEN_DAYS,
                )
            if report.photo_keys:
                files.attach(actor=actor, keys=list(report.photo_keys), subject=subject)
            insert(
                Case(
                    matter=matter,
                    case_class_id=view.id,
                    channel=report.channel,
                    lon=report.lon,
                    lat=report.lat,
                    place_source=report.place_source,
                    near=located.near,
                    suggested_body_id=body_id,
                    contact_id=contact_id,
                    counted_from=now,
                    photos=len(report.photo_keys),
                )
            )
    except flow.AlreadyOpened as earlier:
        return receipt_for(Matter.objects.get(pk=earlier.matter_id), repeated=True)
    return receipt_for(matter, view=view)


def _stored_key(actor: Actor, key: str) -> str | None:
    """What is kept of a client key. Whoever sends the key again is given the receipt, so the key itself is not kept."""
    return hashlib.sha256(f"{actor.label}/{key}".encode()).hexdigest() if key else None


def _class_for(by_code: Mapping[str, ClassView], code: str) -> ClassView:
    view = by_code.get(code)
    if view is None:
        sentence = _("请选择问题类型。")
        raise Invalid("unknown_class", sentence, fields={"class_code": [sentence]})
    return view


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


TEXT_NEED = {
    "decline": "reason",
    "return": "reason",
    "rework": "reason",
    "reopen": "reason",
    "feed_back": "result",
    "note": "text",
}


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
    need = TEXT_NEED.get(verb, "text")
    personal = {need: clean(step.text, need)}
    facts, given, values, on_case = _particulars(actor, case, step)
    known = catalogue()
    view = known.by_id[values.get("type_version_id") or case.case_class_id]
    now = clock.now()
    arrow = CASE.moves.get(verb)
    due = None
    if arrow is not None and arrow.target is not None:
        fresh = verb == "reopen" or "type_version_id" in values
        start = case.counted_from if verb == "accept" and fresh else now
        final = None if fresh else matter.final_due_at
        if fresh and verb == "accept":
            final = due_times(known, view, "handling", start).final
        due = due_times(known, view, arrow.target, now, final=final)
        if verb == "close":
            values |= {"closed_at": now}
            if case.first_closed_on_time is None:
                on_case["first_closed_on_time"] = matter.final_due_at is None or now <= matter.final_due_at
        elif verb == "reopen":
            values |= {"closed_at": None}
    with transaction.atomic():
        flow.move(
            actor=actor,
            matter=matter,
            version=step.version,
            verb=verb,
            flow=CASE,
            allowed=allowed,
            facts=facts,
            personal=personal,
            given={
                **given,
                "photos": list(step.photo_keys),
                "outcome": step.outcome,
                "satisfaction": step.satisfaction,
            },
            due=due,
            values=values,
        )
        if step.photo_keys:
            files.attach(actor=actor, keys=list(step.photo_keys), subject=f"case:{matter.pk}")
            on_case["photos"] = case.photos + len(step.photo_keys)
        if on_case:
            # the swap on the matter's version keeps everybody else out, so these need no swap of their own
            swap(Case, on_case, matter_id=case.pk)
            for name, value in on_case.items():
                setattr(case, name, value)
    return matter


def _particulars(
    actor: Actor, case: Case, step: Step
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What each verb adds: facts for the journal, values for the needs, columns of the matter and of the case."""
    facts: dict[str, Any] = {"photos": len(step.photo_keys)} if step.photo_keys else {}
    given: dict[str, Any] = {}
    values: dict[str, Any] = {}
    on_case: dict[str, Any] = {}
    verb = step.verb
    if verb == "accept" and step.class_code:
        view = _class_for(catalogue().by_code, step.class_code)
        facts["class"] = view.code
        if view.id != case.case_class_id:
            values |= {"type_version_id": view.id, "title": view.name_zh}
            place = case.matter
            divisions = (place.community, place.subdistrict, place.area[:6])
            on_case |= {"case_class_id": view.id, "suggested_body_id": catalogue().route(divisions, view.code)}
    elif verb == "dispatch":
        body = organisations.body(organisations.resolve(step.body_id)) if step.body_id else None
        if body is None or not body.is_active:
            sentence = _("请选择承办单位。")
            raise Invalid("unknown_body", sentence, fields={"body": [sentence]})
        given["body"] = facts["body"] = body.id
        values["body_id"] = body.id
    elif verb == "return":
        facts["body"] = case.matter.body_id
        values["body_id"] = None
        on_case["return_count"] = case.return_count + 1
    elif verb == "rework":
        on_case["rework_count"] = case.rework_count + 1
    elif verb == "reopen":
        values["body_id"] = None
        on_case |= {
            "reopen_count": case.reopen_count + 1,
            "outcome": "",
            "satisfaction": "",
            "counted_from": clock.now(),
        }
    elif verb in ("call_back", "rate"):
        if step.outcome and step.outcome not in Outcome.values:
            raise Invalid("unknown_outcome", _("请选择是否解决。"), fields={"outcome": [_("请选择是否解决。")]})
        if step.satisfaction and step.satisfaction not in Satisfaction.values:
            raise Invalid(
                "unknown_satisfaction", _("请选择是否满意。"), fields={"satisfaction": [_("请选择是否满意。")]}
            )
        facts |= {"outcome": str(step.outcome), "satisfaction": str(step.satisfaction)}
        on_case |= {"outcome": step.outcome, "satisfaction": step.satisfaction or Satisfaction.NOT_SAID}
    return facts, given, values, on_case


def first_mover(error: Conflict) -> str:
    """The actor label in a 'moved_meanwhile' conflict, for the sentence that names who was first."""
    return str(error.details.get("first", ""))
