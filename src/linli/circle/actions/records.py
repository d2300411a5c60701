"""Writing circles, stations, bodies, records, programmes and designations. All of it is about communities and organisations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.territory import queries as territory

from .. import permissions
from ..choices import BodyKind, CircleLevel, CircleState, DesignationState, MemberKind, Provenance
from ..models import (
    Circle,
    CircleCommunity,
    CircleMember,
    CommunityBody,
    Designation,
    Programme,
    RecordEntry,
    RecordKind,
    Station,
    StationCommunity,
)

EARLIEST_YEAR = 1949
AMOUNT_MOST = 10**13


@dataclass(frozen=True, slots=True)
class CircleFacts:
    """A circle as somebody writes it down."""

    code: str
    name: str
    communities: tuple[str, ...]
    year: int
    level: str = CircleLevel.ORDINARY
    state: str = CircleState.PLANNED
    note: str = ""
    source: str = ""
    provenance: str = Provenance.PROVISIONAL
    simulated: bool = False


# --- what every action checks --------------------------------------------------------------------------------


def _communities(codes: Sequence[str]) -> tuple[str, ...]:
    """Known communities, once each, in the order of their codes. Raises Invalid that names the unknown ones."""
    wanted = sorted({c.strip() for c in codes if c.strip()})
    if not wanted:
        raise Invalid("no_community", _("至少要有一个社区。"), fields={"communities": [_("至少要有一个社区。")]})
    unknown = [c for c in wanted if len(c) != 12 or territory.division(c) is None]
    if unknown:
        text = _("没有这些社区：%(codes)s。") % {"codes": _("、").join(unknown[:5])}
        raise Invalid("no_such_community", text, fields={"communities": [text]})
    return tuple(wanted)


def common_division(communities: Sequence[str]) -> str:
    """The subdistrict if all lie in one, else the district. Raises Invalid when they lie in several districts."""
    if len({c[:6] for c in communities}) != 1:
        raise Invalid("several_districts", _("一个服务圈的社区必须在同一个区。"))
    return communities[0][:9] if len({c[:9] for c in communities}) == 1 else communities[0][:6]


def _year(year: int) -> int:
    if not EARLIEST_YEAR <= year <= clock.today().year + 10:
        raise Invalid("bad_year", _("年份不对。"), fields={"year": [_("年份不对。")]})
    return year


def _named(text: str, field: str = "name") -> str:
    name = " ".join(text.split())
    if not name or len(name) > 100:
        raise Invalid("bad_name", _("名称须为 1 到 100 个字。"), fields={field: [_("名称须为 1 到 100 个字。")]})
    return name


def _one_of(value: str, choices: Any, field: str) -> str:
    if value not in choices.values:
        raise Invalid("bad_choice", _("没有这个选项。"), fields={field: [_("没有这个选项。")]})
    return value


def _evidence(text: str) -> str:
    """What a statement rests on: a document, a plan, a contract. Never empty."""
    said = " ".join(text.split())
    if not said or len(said) > 200:
        raise Invalid(
            "no_evidence", _("请写明依据，最多 200 字。"), fields={"evidence": [_("请写明依据，最多 200 字。")]}
        )
    return said


def _not_later_than_today(day: date, field: str) -> date:
    if day > clock.today():
        raise Invalid("in_the_future", _("日期不能晚于今天。"), fields={field: [_("日期不能晚于今天。")]})
    return day


# --- circles --------------------------------------------------------------------------------------------------


def check_circle(facts: CircleFacts) -> tuple[tuple[str, ...], dict[str, Any]]:
    """(communities, fields) of a circle as it would be written. Raises Invalid."""
    communities = _communities(facts.communities)
    division = common_division(communities)
    return communities, {
        "name": _named(facts.name), "district": division[:6], "subdistrict": division if len(division) == 9 else "",
        "level": _one_of(facts.level, CircleLevel, "level"), "state": _one_of(facts.state, CircleState, "state"),
        "year": _year(facts.year), "note": facts.note.strip()[:400], "source": facts.source.strip()[:400],
        "provenance": _one_of(facts.provenance, Provenance, "provenance"),
    }  # fmt: skip


def save_circle(*, actor: Actor, facts: CircleFacts, circle_id: int | None = None, version: int | None = None) -> int:
    """Write a new circle, or the one with `circle_id` as it was seen at `version`. Returns its id.

    Raises Forbidden, Missing, Invalid, Conflict (somebody else changed it, or the code is taken).
    """
    communities, fields = check_circle(facts)
    permissions.can_keep_records(actor, fields["subdistrict"] or fields["district"]).or_forbidden()
    with transaction.atomic():
        if circle_id is None:
            row = _new_circle(facts, fields)
        else:
            row = _circle(actor, circle_id)
            if not Circle.objects.filter(pk=row.pk, version=version or 0).update(**fields, version=row.version + 1):
                raise Conflict("changed_meanwhile", _("别人刚改过这个服务圈，请刷新后再改。"))
        CircleCommunity.objects.filter(circle=row).exclude(community__in=communities).delete()
        there = set(CircleCommunity.objects.filter(circle=row).values_list("community", flat=True))
        CircleCommunity.objects.bulk_create(
            [CircleCommunity(circle=row, community=c) for c in communities if c not in there]
        )
        record(actor=actor, verb=AuditVerb.OTHER, target=f"circle:{row.code}", change="save", state=facts.state)
    return row.pk


def _new_circle(facts: CircleFacts, fields: Mapping[str, Any]) -> Circle:
    code = facts.code.strip()
    if not code or len(code) > 40 or not code.isascii():
        raise Invalid("bad_code", _("编号用字母、数字和连字符。"), fields={"code": [_("编号用字母、数字和连字符。")]})
    try:
        with transaction.atomic():
            return Circle.objects.create(code=code, simulated=facts.simulated, **fields)
    except IntegrityError:
        raise Conflict("code_taken", _("已有这个编号的服务圈。")) from None


def _circle(actor: Actor, circle_id: int) -> Circle:
    row = Circle.objects.filter(pk=circle_id).first()
    if row is None:
        raise Missing("no_such_circle", _("没有这个服务圈。"))
    permissions.can_keep_records(actor, row.subdistrict or row.district).or_forbidden()
    return row


def remove_circles(*, actor: Actor, circle_ids: Sequence[int]) -> None:
    """Take an import back: the circles it brought, while nobody has joined them. Raises Forbidden, Conflict."""
    permissions.can_keep_catalogue(actor, territory.district().code).or_forbidden()
    rows = Circle.objects.filter(pk__in=list(circle_ids))
    if joined := rows.filter(members__isnull=False).first():
        raise Conflict("has_members", _("服务圈 %(name)s 已经有成员，不能撤销导入。") % {"name": joined.name})
    rows.delete()
    record(actor=actor, verb=AuditVerb.OTHER, target="circles", change="take back", count=len(circle_ids))


def add_member(
    *, actor: Actor, circle_id: int, kind: str, name: str, offers: str = "", joined_on: date | None = None
) -> int:
    """A shop, a station, a team joins. Raises Forbidden, Missing, Invalid, Conflict when it is there already."""
    with transaction.atomic():
        circle = _circle(actor, circle_id)
        fields = {"kind": _one_of(kind, MemberKind, "kind"), "name": _named(name), "offers": offers.strip()[:200]}
        mine = CircleMember.objects.filter(circle=circle, kind=kind, name=fields["name"])
        there = mine.values_list("pk", flat=True).first()
        if there is None:
            there = _new_member(circle, joined_on, fields)
            record(actor=actor, verb=AuditVerb.OTHER, target=f"circle:{circle.code}", change="member", kind=kind)
        elif not mine.filter(left_on__isnull=False).update(
            left_on=None, joined_on=joined_on, offers=fields["offers"]
        ):  # two who take it back at once: the second sees that it is there
            raise _member_there()
    return there


def _new_member(circle: Circle, joined_on: date | None, fields: Mapping[str, Any]) -> int:
    """Raises Conflict when somebody else entered the same one just now."""
    try:
        with transaction.atomic():
            return CircleMember.objects.create(circle=circle, joined_on=joined_on, **fields).pk
    except IntegrityError:
        raise _member_there() from None


def _member_there() -> Conflict:
    return Conflict("member_there", _("这个成员已经在服务圈里。"))


def end_member(*, actor: Actor, member_id: int, left_on: date) -> int:
    """A member leaves; it stays in the history. Returns the circle's id."""
    with transaction.atomic():
        member = CircleMember.objects.select_related("circle").filter(pk=member_id).first()
        if member is None:
            raise Missing("no_such_member", _("没有这个成员。"))
        _circle(actor, member.circle_id)
        if member.joined_on is not None and left_on < member.joined_on:
            raise Invalid("left_before_joined", _("退出不能早于加入。"), fields={"left_on": [_("退出不能早于加入。")]})
        CircleMember.objects.filter(pk=member.pk).update(left_on=_not_later_than_today(left_on, "left_on"))
    return member.circle_id


# --- stations and bodies --------------------------------------------------------------------------------------


def save_station(
    *,
    actor: Actor,
    code: str,
    name: str,
    communities: Sequence[str],
    opened_on: date | None = None,
    source: str = "",
    provenance: str = Provenance.PROVISIONAL,
    simulated: bool = False,
) -> int:
    """Write a station and whom it serves; one code is one station. Raises Forbidden, Invalid."""
    codes = _communities(communities)
    permissions.can_keep_records(actor, common_division(codes)).or_forbidden()
    with transaction.atomic():
        before = Station.objects.filter(code=code).first()
        if before is not None:
            served = list(StationCommunity.objects.filter(station=before).values_list("community", flat=True))
            permissions.can_keep_records(actor, common_division(served or codes)).or_forbidden()
        fields: dict[str, Any] = {
            "name": _named(name),
            "opened_on": opened_on,
            "source": source[:400],
            "provenance": provenance,
        }
        if before is None:
            fields["simulated"] = simulated
        row, _new = Station.objects.update_or_create(code=code.strip()[:40], defaults=fields)
        StationCommunity.objects.filter(station=row).exclude(community__in=codes).delete()
        there = set(StationCommunity.objects.filter(station=row).values_list("community", flat=True))
        StationCommunity.objects.bulk_create(
            [StationCommunity(station=row, community=c) for c in codes if c not in there]
        )
        record(actor=actor, verb=AuditVerb.OTHER, target=f"station:{row.code}", change="save")
    return row.pk


def save_body(
    *,
    actor: Actor,
    community: str,
    kind: str,
    name: str,
    duties: str = "",
    source: str = "",
    provenance: str = Provenance.PROVISIONAL,
    simulated: bool = False,
) -> int:
    """Name one of the three bodies of a community. A body, never who sits on it. Raises Forbidden, Invalid."""
    (code,) = _communities([community])
    permissions.can_fill(actor, code).or_forbidden()
    fields = {
        "duties": duties.strip()[:4000], "source": source[:400], "provenance": provenance, "simulated": simulated,
    }  # fmt: skip
    row, _new = CommunityBody.objects.update_or_create(
        community=code, kind=_one_of(kind, BodyKind, "kind"), name=_named(name), defaults=fields
    )
    return row.pk


# --- records and designations -----------------------------------------------------------------------------------


def amount_of(kind: str, value: Any) -> int:
    """A number as people write it: yuan become fen. Raises Invalid for parts of a fen or of a person."""
    whole = Decimal(value) * (100 if RecordKind.objects.filter(code=kind, value="fen").exists() else 1)
    if whole != whole.to_integral_value():
        raise Invalid("bad_amount", _("数值不对。"), fields={"amount": [_("数值不对。")]})
    return int(whole)


def check_record(
    *, community: str, kind: str, amount: int, as_of: date, evidence: str
) -> tuple[RecordKind, dict[str, Any]]:
    """(kind, fields) of a record as it would be written. Raises Missing, Invalid."""
    (code,) = _communities([community])
    found = RecordKind.objects.filter(code=kind).first()
    if found is None:
        raise Missing("no_such_record", _("没有这种台账。"))
    most = 1 if found.value == "yes" else AMOUNT_MOST
    if not 0 <= amount <= most:
        raise Invalid("bad_amount", _("数值不对。"), fields={"amount": [_("数值不对。")]})
    day = _not_later_than_today(as_of, "as_of")
    return found, {"community": code, "amount": amount, "as_of": day, "evidence": _evidence(evidence)}


def remove_records(*, actor: Actor, entry_ids: Sequence[int]) -> None:
    """Take an import back: its entries, and no others. Raises Forbidden."""
    permissions.can_keep_catalogue(actor, territory.district().code).or_forbidden()
    RecordEntry.objects.filter(pk__in=list(entry_ids)).delete()
    record(actor=actor, verb=AuditVerb.OTHER, target="records", change="take back", count=len(entry_ids))


def add_record(
    *,
    actor: Actor,
    community: str,
    kind: str,
    amount: int,
    as_of: date,
    evidence: str,
    simulated: bool = False,
) -> int:
    """One dated statement with its evidence. What was said before stays. Raises Forbidden, Missing, Invalid."""
    permissions.can_fill(actor, community).or_forbidden()
    found, fields = check_record(community=community, kind=kind, amount=amount, as_of=as_of, evidence=evidence)
    row = RecordEntry.objects.create(kind=found, **fields, simulated=simulated, at=clock.now(), by=actor.label)
    return row.pk


def check_designation(
    *, programme: str, community: str, year: int, state: str, evidence: str, met: Sequence[str] = ()
) -> tuple[Programme, dict[str, Any]]:
    """(programme, fields) of a designation as it would be written. Raises Missing, Invalid."""
    (code,) = _communities([community])
    found = Programme.objects.filter(code=programme).first()
    if found is None:
        raise Missing("no_such_programme", _("没有这个项目。"))
    known = [c["code"] for c in found.criteria]
    if unknown := [c for c in met if c not in known]:
        text = _("没有这条标准：%(code)s。") % {"code": unknown[0]}
        raise Invalid("no_such_criterion", text, fields={"met": [text]})
    return found, {
        "community": code, "year": _year(year), "state": _one_of(state, DesignationState, "state"),
        "met": [c for c in known if c in met], "evidence": _evidence(evidence),
    }  # fmt: skip


def remove_designations(*, actor: Actor, ids: Sequence[int]) -> None:
    """Take an import back: its rows, and no others. Raises Forbidden."""
    permissions.can_keep_catalogue(actor, territory.district().code).or_forbidden()
    Designation.objects.filter(pk__in=list(ids)).delete()
    record(actor=actor, verb=AuditVerb.OTHER, target="designations", change="take back", count=len(ids))


def designate(
    *,
    actor: Actor,
    programme: str,
    community: str,
    year: int,
    state: str,
    evidence: str,
    met: Sequence[str] = (),
    simulated: bool = False,
) -> int:
    """Say that a community is a pilot, meets the criteria, was designated, or no longer is. Raises Conflict if said."""
    permissions.can_keep_records(actor, community).or_forbidden()
    found, fields = check_designation(
        programme=programme, community=community, year=year, state=state, evidence=evidence, met=met
    )
    try:
        with transaction.atomic():
            row = Designation.objects.create(
                programme=found, **fields, simulated=simulated, at=clock.now(), by=actor.label
            )
            record(
                actor=actor, verb=AuditVerb.OTHER, target=f"programme:{programme}", change=state, community=community
            )
    except IntegrityError:
        raise Conflict("already_said", _("这个社区这一年已经登记过。")) from None
    return row.pk
