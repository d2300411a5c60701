"""A file of statistics: taken for a preview, its unknown names explained, confirmed as a whole, undone as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import permissions
from ..choices import DeliveryState
from ..models import Delivery, Observation, Publication, Series, Unit
from ..queries import deliveries as read
from ..sources import Found, How, Reading, read_file
from . import names

BATCH = 1_000
PART = 5_000  # cells written in one transaction: others may write in between
EARLIEST = date(1949, 10, 1)


def stage(
    *, actor: Actor, data: bytes, name: str, publication: str, vintage: date, edition: str = "", how: How | None = None
) -> UUID:
    """Read a file for a preview; no observation is written. Raises Forbidden, Invalid, Conflict (already_delivered,
    already_staged with the id of the delivery in the details).
    """
    permissions.can_work(actor).or_forbidden()
    how = how or How()
    origin = _publication(publication)
    _vintage(vintage)
    _known(how)
    digest = hashlib.sha256(data).hexdigest()
    _not_there(digest)
    reading = read_file(data, read.vocabulary(), how)
    row = Delivery.objects.create(
        publication=origin, vintage=vintage, edition=edition[:80], form=reading.form, file_name=name[:200], digest=digest,
        staged=read.packed(data, how), by=actor.label, at=clock.now(),
    )  # fmt: skip
    return row.id


def _publication(code: str) -> Publication:
    row = Publication.objects.filter(code=code).first()
    if row is None:
        text = _("请选一个列出的出处。")
        raise Invalid("not_a_choice", text, fields={"publication": [text]})
    return row


def _vintage(day: date) -> None:
    if not EARLIEST <= day <= clock.today():
        text = _("版本日期不能晚于今天，也不能早于 1949 年 10 月。")
        raise Invalid("bad_vintage", text, fields={"vintage": [text]})


def _not_there(digest: str) -> None:
    known = Delivery.objects.filter(digest=digest, state__in=[DeliveryState.APPLIED, DeliveryState.STAGED]).first()
    if known is None:
        return
    if known.state == DeliveryState.APPLIED:
        raise Conflict("already_delivered", _("同一个文件已经采用过了，内容没有变。"), id=str(known.id))
    raise Conflict("already_staged", _("同一个文件已经上传，正等确认。"), id=str(known.id))


def _known(how: How) -> None:
    """Every meaning that is given must exist."""
    asked = {c for c in (*how.names.values(), how.series) if c}
    asked |= {to for years in (how.routes or {}).values() for to in years.values()}
    units = {c for c in how.units.values() if c}
    lost = asked - set(Series.objects.filter(code__in=asked).values_list("code", flat=True))
    lost |= units - set(Unit.objects.filter(code__in=units).values_list("code", flat=True))
    if lost:
        text = _("没有这些指标或地区：%(codes)s。") % {"codes": _("、").join(sorted(lost))}
        raise Invalid("not_a_choice", text, fields={"names": [text]})


def explain(*, actor: Actor, id: UUID, how: How, keep: bool = False) -> None:
    """Say what names in a staged file mean; it is read again. `keep`: remember them for all later files.

    Raises Forbidden, Missing, Invalid, Conflict (names_taken: a text that already means something else).
    """
    permissions.can_work(actor).or_forbidden()
    row = _staged(id)
    _known(how)
    staged = {**(row.staged or {}), "how": read.how_doc(how)}
    with transaction.atomic():
        if not Delivery.objects.filter(pk=id, state=DeliveryState.STAGED, rows=0).update(staged=staged):
            raise Conflict("already_decided", _("这批数据已经有结果。"))
        if keep:
            _keep(actor, row, how)


def _staged(id: UUID) -> Delivery:
    row = Delivery.objects.select_related("publication").filter(pk=id).first()
    if row is None:
        raise Missing("no_such_delivery", _("没有这批数据。"))
    if row.state != DeliveryState.STAGED:
        raise Conflict("already_decided", _("这批数据已经有结果。"))
    return row


def _keep(actor: Actor, row: Delivery, how: How) -> None:
    source = _("文件：%(name)s") % {"name": row.file_name}
    for text, code in how.units.items():
        if code:
            names.name_unit(actor=actor, code=code, text=text, source=source)
    for text, code in how.names.items():
        if code:
            names.name_series(actor=actor, code=code, text=text, source=source)


def confirm(*, actor: Actor, id: UUID, seen: str) -> int:
    """Take every cell that can be taken; refused rows are left out and stay listed. `seen`: the preview's stamp.

    Cells are written in parts while the delivery is still staged, so nobody sees half of it and nobody waits long.
    Returns how many cells. Raises Forbidden, Missing, Invalid (nothing_to_do), Conflict.
    """
    permissions.can_work(actor).or_forbidden()
    row = _staged(id)
    reading, stamp = read.read_staged(row)
    if stamp != seen:
        raise Conflict("changed_meanwhile", _("预览以后又有人改过，请重新核对后再确认。"))
    return _apply(actor, row, reading)


def _apply(actor: Actor, row: Delivery, reading: Reading) -> int:
    cells = reading.cells
    if not cells:
        raise Invalid("nothing_to_do", _("没有一格可以采用，什么都没有改。"))
    if not Delivery.objects.filter(pk=row.pk, state=DeliveryState.STAGED, rows=0).update(rows=len(cells)):
        raise Conflict("already_decided", _("这批数据正在写入，或者已经有结果。"))
    try:
        _write(row.pk, cells)
        with transaction.atomic():
            _take_over(actor, row, reading)
    except BaseException:
        _forget(row.pk)
        Delivery.objects.filter(pk=row.pk, state=DeliveryState.STAGED).update(rows=0)
        raise
    return len(cells)


def _write(id: UUID, cells: list[Found]) -> None:
    ids = dict(Series.objects.filter(code__in={c.series for c in cells}).values_list("code", "pk"))
    for start in range(0, len(cells), PART):
        rows = [
            Observation(
                delivery_id=id, series_id=ids[c.series], unit=c.unit, year=c.year, value=c.value, status=c.status,
                raw=c.raw[:60], note=c.note[:200],
            )
            for c in cells[start : start + PART]
        ]  # fmt: skip
        with transaction.atomic():
            Observation.objects.bulk_create(rows, batch_size=BATCH)


def _take_over(actor: Actor, row: Delivery, reading: Reading) -> None:
    taken = Delivery.objects.filter(pk=row.pk, state=DeliveryState.STAGED).update(
        state=DeliveryState.APPLIED, applied_at=clock.now(), staged=None, form=reading.form,
        refused=[[r.row, r.column, r.value, r.sentence, r.code] for r in reading.refused],
        notes=[{"code": n.code, "sentence": n.sentence} for n in reading.notes] + list(row.notes),
    )  # fmt: skip
    if not taken:
        raise Conflict("already_decided", _("这批数据已经有结果。"))
    facts = {"cells": len(reading.cells), "refused": reading.refused_count, "publication": row.publication.code}
    record(actor=actor, verb=AuditVerb.OTHER, target="statistics", change="deliver", digest=row.digest, **facts)


def _forget(id: UUID) -> None:
    """Take away what was written of a delivery that never came into force."""
    while ids := list(Observation.objects.filter(delivery_id=id).values_list("pk", flat=True)[:PART]):
        Observation.objects.filter(pk__in=ids).delete()


def drop(*, actor: Actor, id: UUID) -> None:
    """Let a staged file go. Raises Forbidden, Missing, Conflict."""
    permissions.can_work(actor).or_forbidden()
    row = _staged(id)
    _forget(row.pk)
    if not Delivery.objects.filter(pk=id, state=DeliveryState.STAGED).delete()[0]:
        raise Conflict("already_decided", _("这批数据已经有结果。"))


def undo(*, actor: Actor, id: UUID, why: str) -> None:
    """Take a delivery out of force, whole, with the reason; its cells stay to be seen. Raises Forbidden, Missing,
    Invalid (reason_needed), Conflict (not_applied).
    """
    permissions.can_work(actor).or_forbidden()
    if not why.strip():
        text = _("请写明撤销的理由。")
        raise Invalid("reason_needed", text, fields={"why": [text]})
    row = Delivery.objects.filter(pk=id).first()
    if row is None:
        raise Missing("no_such_delivery", _("没有这批数据。"))
    with transaction.atomic():
        done = Delivery.objects.filter(pk=id, state=DeliveryState.APPLIED).update(
            state=DeliveryState.UNDONE, undone_at=clock.now(), undone_why=why.strip()[:200]
        )
        if not done:
            raise Conflict("not_applied", _("只有已经采用的才能撤销。"))
        record(actor=actor, verb=AuditVerb.OTHER, target="statistics", change="undo", digest=row.digest, why=why[:200])


# --- what a pack brings, and what the platform counts -------------------------------------------------
def apply_shipped(*, actor: Actor, path: Path, about: Mapping[str, Any]) -> int:
    """One file of a pack as a delivery; 0 where it is in force already or was taken back. Raises Invalid where a cell
    is refused: the pack is at fault then, and nothing is applied.
    """
    permissions.can_work(actor).or_forbidden()
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if Delivery.objects.filter(digest=digest).exclude(state=DeliveryState.STAGED).exists():
        return 0
    how = read.how_of(about)
    _known(how)
    reading = read_file(data, read.vocabulary(), how)
    if bad := [*(f"{r.row} {r.column} {r.sentence}" for r in reading.refused[:10]), *reading.unknown_series]:
        text = _("随装的统计文件 %(name)s 里有读不了的内容。") % {"name": path.name}
        raise Invalid("bad_statistics", text, fields={path.name: bad})
    staged = Delivery.objects.filter(digest=digest, state=DeliveryState.STAGED)
    for half in staged.values_list("pk", flat=True):
        _forget(half)  # what a start that was killed had written of it
    with transaction.atomic():
        staged.delete()
        row = Delivery.objects.create(
            publication=_publication(about["publication"]), vintage=date.fromisoformat(about["vintage"]),
            edition=about.get("edition", "")[:80], form=reading.form, file_name=path.name, digest=digest, by=actor.label,
            at=clock.now(), notes=[{"code": "pack", "sentence": about["note"]}] if about.get("note") else [],
        )  # fmt: skip
    _apply(actor, row, reading)
    return 1
