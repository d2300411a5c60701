"""One facility at a time: enter, change, move, open, close, merge, tell apart. Each leaves a line in its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.territory import queries as territory
from linli.territory.choices import Level

from .. import permissions, revision
from ..choices import ChangeVerb, Provenance
from ..models import Duplicate, Facility, FacilityChange, FacilityItem, Span
from ..names import limits
from ..queries import dated, streets


@dataclass(frozen=True, slots=True)
class FacilityFacts:
    """What a person says of a facility."""

    name: str
    scheme: str
    class_key: str
    address: str = ""
    opening_hours: str = ""
    wheelchair: str = ""
    source: str = ""
    provenance: str = Provenance.PROVISIONAL


def keeping(actor: Actor, row: Facility) -> None:
    """Raise Forbidden unless this actor keeps facilities where it stands."""
    permissions.can_keep_facility(actor, row.community or territory.district().code).or_forbidden()


def one(id: int) -> Facility:
    """Raises Missing."""
    found = Facility.objects.filter(pk=id).first()
    if found is None:
        raise Missing("no_such_facility", _("没有这处设施。"))
    return found


def placed(actor: Actor, lon: float, lat: float) -> tuple[float, float, str, str]:
    """(lon, lat, community, district) of a position that this actor keeps. Raises Invalid, Forbidden."""
    found = territory.locate(lon, lat)  # refuses what is no position at all
    west, south, east, north = streets.area(limits()["outside_m"])
    if not (west <= lon <= east and south <= lat <= north):
        text = _("在本区和周边以外，离得太远。请核对坐标和坐标系。")
        raise Invalid("outside_area", text, fields={"place": [text]})
    community = found.community if found and len(found.community) == Level.COMMUNITY else ""
    own = territory.district().code
    permissions.can_keep_facility(actor, community or own).or_forbidden()
    return round(lon, 7), round(lat, 7), community, own if found else ""


def add_facility(
    *, actor: Actor, facts: FacilityFacts, lon: float, lat: float, opened_on: date | None, code: str = "", simulated: bool = False
) -> int:  # fmt: skip
    """Enter a facility; open from `opened_on` (None: since before records). Raises Invalid, Forbidden, Conflict."""
    x, y, community, district = placed(actor, lon, lat)
    if code and Facility.everything.filter(code=code).exists():
        text = _("已有这个编号的设施。")
        raise Conflict("code_taken", text, fields={"code": [text]})
    now = clock.now()
    with transaction.atomic():
        row = Facility.objects.create(
            code=code or f"new:{now:%Y%m%d%H%M%S%f}", lon=x, lat=y, community=community, district=district,
            class_name=facts.class_key, as_of=clock.today(), simulated=simulated, **asdict(facts),
        )  # fmt: skip
        Span.objects.create(facility=row, opened_on=opened_on)
        line(actor, row, ChangeVerb.ADDED, opened_on or clock.today(), after=asdict(facts) | {"lon": x, "lat": y})
        revision.bump()
    return row.pk


def change_facility(*, actor: Actor, id: int, version: int, facts: FacilityFacts) -> None:
    """Other words for the same place. Raises Forbidden, Conflict."""
    row = one(id)
    keeping(actor, row)
    after = {k: v for k, v in asdict(facts).items() if getattr(row, k) != v}
    if not after:
        return
    before = {k: getattr(row, k) for k in after}
    with transaction.atomic():
        swap(row, version, **after)
        line(actor, row, ChangeVerb.CHANGED, clock.today(), before=before, after=after)
        revision.bump()


def move_facility(*, actor: Actor, id: int, version: int, lon: float, lat: float, on: date, note: str = "") -> None:
    """To another place, from a day on; for days before it stands where it stood.

    Raises Invalid (moved_in_future, moved_before_last), Forbidden, Conflict.
    """
    keeping(actor, one(id))
    _check_move(id, on)
    _put(actor, id, version, lon, lat, verb=ChangeVerb.MOVED, on=on, note=note)


def correct_place(*, actor: Actor, id: int, version: int, lon: float, lat: float) -> None:
    """The position was written wrong: the right one counts for every day since the last move. Raises Invalid, Forbidden, Conflict."""
    _put(actor, id, version, lon, lat, verb=ChangeVerb.CHANGED, on=clock.today(), note=_("更正位置"))


def _check_move(id: int, on: date) -> None:
    last = dated.last_move(id)
    if on > clock.today():
        text, code = _("迁址日期不能晚于今天。"), "moved_in_future"
    elif last is not None and on < last:
        text, code = _("%(day)s 已经迁过一次址，这次不能更早。") % {"day": last}, "moved_before_last"
    else:
        return
    raise Invalid(code, text, fields={"moved_on": [text]})


def _put(actor: Actor, id: int, version: int, lon: float, lat: float, *, verb: str, on: date, note: str) -> None:
    row = one(id)
    keeping(actor, row)
    x, y, community, district = placed(actor, lon, lat)
    if (x, y) == (row.lon, row.lat):
        return
    after = {"lon": x, "lat": y, "community": community, "district": district}
    with transaction.atomic():
        swap(row, version, **after)
        line(actor, row, verb, on, before={k: getattr(row, k) for k in after}, after=after, note=note)
        revision.bump()


def save_facility(
    *, actor: Actor, id: int, version: int, facts: FacilityFacts, lon: float, lat: float, moved_on: date | None
) -> None:
    """What a form says of it: words, and, if the place differs, since when it stands there (None: the place that was
    written was wrong). Raises as the three do."""
    row = one(id)
    with transaction.atomic():
        change_facility(actor=actor, id=id, version=version, facts=facts)
        now = one(id).version
        if (round(lon, 7), round(lat, 7)) != (row.lon, row.lat):
            seen = now if now == version + 1 else version
            if moved_on is None:
                correct_place(actor=actor, id=id, version=seen, lon=lon, lat=lat)
            else:
                move_facility(actor=actor, id=id, version=seen, lon=lon, lat=lat, on=moved_on)


def close_facility(*, actor: Actor, id: int, version: int, on: date, note: str = "") -> None:
    """Closed from a day on. Raises Forbidden, Invalid (closed_before_opened), Conflict (not_open)."""
    row = one(id)
    keeping(actor, row)
    span = row.spans.filter(closed_on__isnull=True).first()
    if span is None:
        raise Conflict("not_open", _("这处设施已经关闭。"))
    if span.opened_on and on < span.opened_on:
        text = _("关闭日期在开放日期之前。")
        raise Invalid("closed_before_opened", text, fields={"on": [text]})
    with transaction.atomic():
        swap(row, version)
        Span.objects.filter(pk=span.pk).update(closed_on=on)
        line(actor, row, ChangeVerb.CLOSED, on, note=note)
        revision.bump()


def open_facility(*, actor: Actor, id: int, version: int, on: date, note: str = "") -> None:
    """Open again from a day on. Raises Forbidden, Invalid (opened_before_closed), Conflict (is_open)."""
    row = one(id)
    keeping(actor, row)
    if row.spans.filter(closed_on__isnull=True).exists():
        raise Conflict("is_open", _("这处设施正在开放。"))
    last = row.spans.order_by("-closed_on").values_list("closed_on", flat=True).first()
    if last and on < last:
        text = _("开放日期在上次关闭之前。")
        raise Invalid("opened_before_closed", text, fields={"on": [text]})
    with transaction.atomic():
        swap(row, version)
        Span.objects.create(facility=row, opened_on=on)
        line(actor, row, ChangeVerb.OPENED, on, note=note)
        revision.bump()


def set_own_items(*, actor: Actor, id: int, version: int, items: Mapping[str, bool]) -> None:
    """What it provides beside (True) or in place of (False) what its class says. Raises Forbidden, Conflict."""
    row = one(id)
    keeping(actor, row)
    before = dict(row.own_items.values_list("item", "provides"))
    if before == dict(items):
        return
    with transaction.atomic():
        swap(row, version)
        row.own_items.all().delete()
        FacilityItem.objects.bulk_create([FacilityItem(facility=row, item=i, provides=p) for i, p in items.items()])
        line(actor, row, ChangeVerb.CHANGED, clock.today(), before={"items": before}, after={"items": dict(items)})
        revision.bump()


def decide_pair(*, actor: Actor, first: int, second: int, same: bool, keep: int | None = None) -> None:
    """Say whether two facilities are one. The same: `keep` stays, the other is merged into it, and both keep their
    histories. Raises Forbidden, Missing, Invalid, Conflict (already_decided).
    """
    a, b = sorted((first, second))
    rows = {i: one(i) for i in (a, b)}
    if a == b or (same and keep not in rows):
        raise Invalid("bad_pair", _("要选两处不同的设施，并说明留下哪一处。"))
    for row in rows.values():
        keeping(actor, row)
        if row.merged_into_id is not None:
            raise Conflict("already_merged", _("其中一处已经并入别处。"))
    with transaction.atomic():
        _row, fresh = Duplicate.objects.get_or_create(
            first=rows[a], second=rows[b], defaults={"same": same, "at": clock.now(), "by": actor.label}
        )
        if not fresh:
            raise Conflict("already_decided", _("这一对已经有结论。"))
        if same and keep is not None:
            kept, gone = rows[keep], rows[b if keep == a else a]
            swap(gone, gone.version, merged_into=kept)
            line(actor, gone, ChangeVerb.MERGED, clock.today(), after={"into": kept.code})
            line(actor, kept, ChangeVerb.MERGED, clock.today(), after={"took": gone.code})
            revision.bump()


def undo_pair(*, actor: Actor, first: int, second: int) -> None:
    """Take a decision back: what was merged stands by itself again. Raises Forbidden, Missing."""
    a, b = sorted((first, second))
    decided = Duplicate.objects.filter(first=a, second=b).first()
    if decided is None:
        raise Missing("not_decided", _("这一对还没有结论。"))
    rows = (one(a), one(b))
    for row in rows:
        keeping(actor, row)
    with transaction.atomic():
        decided.delete()
        for row, other in (rows, rows[::-1]):
            if row.merged_into_id == other.pk:
                swap(row, row.version, merged_into=None)
                line(actor, row, ChangeVerb.CHANGED, clock.today(), before={"into": other.code}, after={"into": ""})
                revision.bump()


def swap(row: Facility, version: int, **fields: Any) -> None:
    """Write if nobody wrote since. Raises Conflict (changed_meanwhile)."""
    found = Facility.objects.filter(pk=row.pk, version=version).update(version=F("version") + 1, **fields)
    if not found:
        raise Conflict("changed_meanwhile", _("刚才有人改过这处设施，请刷新后再改。"))


def line(
    actor: Actor, row: Facility, verb: str, on: date, *, before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None, note: str = "",
) -> None:  # fmt: skip
    """One line of its history."""
    FacilityChange.objects.create(
        facility=row, verb=verb, on=on, before=dict(before or {}), after=dict(after or {}), note=note[:200],
        at=clock.now(), by=actor.label,
    )  # fmt: skip


def names_of(ids: Sequence[int]) -> str:
    """Some of their names, for a sentence."""
    return _("、").join(Facility.objects.filter(pk__in=list(ids)[:5]).values_list("name", flat=True))
