"""How an import is written without keeping anybody waiting: staged part by part, shown or hidden by one statement, cleared
part by part. All statements are made before the write lock is taken; `turn` fences whoever was overtaken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict

from ..choices import ChangeVerb, ImportState
from ..models import (
    CircleMember,
    Duplicate,
    Facility,
    FacilityChange,
    FacilityImport,
    FacilityItem,
    ImportedChange,
    PlanEdit,
    Span,
    Station,
)
from ..queries.import_rows import Candidate

PART = 500  # rows of one transaction
WRITTEN = (
    "name", "class_key", "class_name", "lon", "lat", "community", "district", "address", "opening_hours", "wheelchair",
)  # fmt: skip
Progress = Callable[[int, int], None]
_BY_CODE = "(SELECT id FROM circle_facility WHERE code = %s)"


def meanwhile() -> Conflict:
    """Somebody wrote what this import would write."""
    return Conflict("changed_meanwhile", _("预览以后又有人改过，请重新核对后再确认。"))


def fence(row: FacilityImport) -> None:
    """Inside a transaction: hold the import, if nobody took it over. Raises Conflict."""
    mine = FacilityImport.objects.filter(pk=row.pk, state=ImportState.WRITING, turn=row.turn)
    if not mine.update(turn=row.turn):
        raise Conflict("already_decided", _("这次导入已经有结果。"))


# --- staging: nothing of it is there for readers ------------------------------------------------------------
def stage(actor: Actor, row: FacilityImport, taken: Sequence[Candidate], progress: Progress) -> None:
    """Write what is not staged yet. Raises Conflict (overtaken, a code was taken meanwhile)."""
    there = set(Facility.everything.filter(origin=row, staged=True).values_list("code", flat=True))
    done = set(ImportedChange.objects.filter(origin=row, back=False).values_list("facility_id", flat=True))
    new = [c for c in taken if c.known is None and c.code not in there]
    known = [c for c in taken if c.known is not None and c.known not in done]
    total, ready = len(taken), len(taken) - len(new) - len(known)
    for start in range(0, len(new), PART):
        progress(ready + start, total)
        _put(row, _added(actor, row, new[start : start + PART]))
    for start in range(0, len(known), PART):
        progress(ready + len(new) + start, total)
        _put(row, _changed(row, known[start : start + PART]))
    progress(total, total)


Statement = tuple[str, list[Any]]


def _put(row: FacilityImport, statements: Sequence[Statement]) -> None:
    try:
        with transaction.atomic():
            fence(row)
            with connection.cursor() as cursor:
                for text, values in statements:
                    cursor.execute(text, values)
    except IntegrityError:  # a code that was free when it was looked at, a facility that went
        raise meanwhile() from None


def _insert(model: type[models.Model], rows: Sequence[models.Model], codes: Sequence[str] = ()) -> Statement:
    """One INSERT of all rows; with `codes` the facility is named by its code, as its number is not known yet."""
    columns = [f for f in model._meta.concrete_fields if not f.primary_key]
    quote = connection.ops.quote_name
    named = ", ".join(quote(str(f.column)) for f in columns)
    one = ", ".join(_BY_CODE if codes and f.attname == "facility_id" else "%s" for f in columns)
    values: list[Any] = []
    for place, row in enumerate(rows):
        for f in columns:
            by_code = codes and f.attname == "facility_id"
            values.append(
                codes[place] if by_code else f.get_db_prep_save(getattr(row, f.attname), connection=connection)
            )
    head = f"INSERT INTO {quote(model._meta.db_table)} ({named}) VALUES "  # noqa: S608  names of columns, no values
    return head + ", ".join([f"({one})"] * len(rows)), values


def _facts(c: Candidate) -> dict[str, Any]:
    return {f: getattr(c, f) for f in WRITTEN}


def _added(actor: Actor, origin: FacilityImport, rows: Sequence[Candidate]) -> list[Statement]:
    today, now = clock.today(), clock.now()
    note = _("导入：%(name)s") % {"name": origin.name[:150]}
    codes = [c.code for c in rows]
    facilities = [
        Facility(
            code=c.code, scheme=origin.scheme, origin=origin, source=origin.source, provenance=origin.provenance,
            as_of=today, staged=True, **_facts(c),
        )
        for c in rows
    ]  # fmt: skip
    lines = [
        FacilityChange(
            verb=ChangeVerb.ADDED, on=c.opened_on or today, after={"row": c.number}, note=note, at=now, by=actor.label
        )
        for c in rows
    ]
    spans = [Span(opened_on=c.opened_on, closed_on=c.closed_on) for c in rows]
    return [_insert(Facility, facilities), _insert(Span, spans, codes), _insert(FacilityChange, lines, codes)]


def _changed(origin: FacilityImport, rows: Sequence[Candidate]) -> list[Statement]:
    """What becomes of facilities that the file says something else of, and what stood before, for the undo."""
    there = {f.pk: f for f in Facility.objects.filter(pk__in=[c.known for c in rows]).prefetch_related("spans")}
    if len(there) < len(rows):
        raise meanwhile()
    staged: list[ImportedChange] = []
    for c in rows:
        row = there[c.known or 0]
        span = max(row.spans.all(), key=lambda s: s.pk, default=None)
        stood = (span.opened_on, span.closed_on) if span else (None, None)
        days = (c.opened_on or stood[0], c.closed_on or stood[1]) if span else stood
        before = {f: getattr(row, f) for f in WRITTEN} | _days(*stood)
        after = _facts(c) | _days(*days)
        if before == after:
            continue
        differs = {k: v for k, v in before.items() if after[k] != v}
        moved = (c.lon, c.lat) != (row.lon, row.lat)
        where = {"origin": origin, "facility": row, "span": span if stood != days else None}
        staged += [
            ImportedChange(
                back=False, version=row.version, opened_on=days[0], closed_on=days[1], before=differs,
                verb=ChangeVerb.MOVED if moved else ChangeVerb.CHANGED, after={k: after[k] for k in differs}, **where, **_facts(c),
            ),
            ImportedChange(
                back=True, version=row.version + 1, opened_on=stood[0], closed_on=stood[1], verb=ChangeVerb.CHANGED, after=before,
                **where, **{f: before[f] for f in WRITTEN},
            ),
        ]  # fmt: skip
    return [_insert(ImportedChange, staged)] if staged else []


def _days(opened_on: date | None, closed_on: date | None) -> dict[str, str]:
    return {k: v.isoformat() if v else "" for k, v in (("opened_on", opened_on), ("closed_on", closed_on))}


# --- the one statement each that readers see ----------------------------------------------------------------
def show(row: FacilityImport) -> int:
    """Inside a transaction: what was staged as new is there. Returns how many."""
    return Facility.everything.filter(origin=row, staged=True).update(staged=False)


def hide(row: FacilityImport) -> int:
    """Inside a transaction: what this import brought, and nobody touched since, is no longer there."""
    mine = Facility.everything.filter(origin=row, staged=False, version=1, merged_into__isnull=True)
    return mine.update(staged=True)


def put_in_place(actor: Actor, row: FacilityImport, *, back: bool, note: str = "") -> int:
    """Inside a transaction: facilities become what the file says, or (`back`) what they were. Returns how many were still
    at the version seen; whoever calls compares that with `changes`.
    """
    quote = connection.ops.quote_name
    new = ", ".join(f"{quote(f)} = s.{quote(f)}" for f in WRITTEN)
    columns = ", ".join(quote(c) for c in ("facility_id", "verb", "on", "before", "after", "note", "at", "by"))
    today = connection.ops.adapt_datefield_value(clock.today())
    now = connection.ops.adapt_datetimefield_value(clock.now())
    mine = [row.pk, back]
    with connection.cursor() as cursor:
        cursor.execute(_FACTS % new, mine)
        found = int(cursor.rowcount)
        cursor.execute(_DAYS, mine)
        same = f"s.{quote('before')}, s.{quote('after')}"
        cursor.execute(_LINES % (columns, same), [today, note, now, actor.label, *mine])
    return found


# Only names of columns are put in; all values are parameters.
_FACTS = (
    "UPDATE circle_facility SET %s, version = circle_facility.version + 1 FROM circle_importedchange s"
    " WHERE s.origin_id = %%s AND s.back = %%s AND s.facility_id = circle_facility.id AND s.version = circle_facility.version"
)
_DAYS = (
    "UPDATE circle_span SET opened_on = s.opened_on, closed_on = s.closed_on FROM circle_importedchange s"
    " WHERE s.origin_id = %s AND s.back = %s AND s.span_id = circle_span.id"
)
_LINES = (
    "INSERT INTO circle_facilitychange (%s) SELECT s.facility_id, s.verb, %%s, %s, %%s, %%s, %%s"
    " FROM circle_importedchange s WHERE s.origin_id = %%s AND s.back = %%s"
)


def changes(row: FacilityImport, *, back: bool) -> int:
    """How many facilities `put_in_place` has to find."""
    return ImportedChange.objects.filter(origin=row, back=back).count()


# --- clearing: what is hidden goes, part by part --------------------------------------------------------------
def uses(rows: Q) -> list[int]:
    """Facilities of `rows` that somebody refers to: in a plan, as a member or a station, as what another was merged into."""
    found: set[int] = set()
    for model, field in ((PlanEdit, "facility"), (CircleMember, "facility"), (Station, "facility"), (Facility, "merged_into")):  # fmt: skip
        manager = Facility.everything if model is Facility else model._base_manager
        wanted = Facility.everything.filter(rows)
        found |= set(manager.filter(**{f"{field}__in": wanted}).values_list(f"{field}_id", flat=True))
    return sorted(found)


def clear(row: FacilityImport, progress: Progress = lambda done, total: None, *, writing: bool = False) -> int:
    """Take away what is hidden of an import, a part at a time. May be repeated. Returns how many.

    `writing`: by the turn that writes it now. Whoever was overtaken clears nothing of the next turn, and what was shown
    meanwhile stays. Raises Conflict (overtaken).
    """
    hidden = Q(origin=row, staged=True)
    kept = uses(hidden)  # only where somebody was faster than the hiding
    ids = list(Facility.everything.filter(hidden).exclude(pk__in=kept).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), PART):
        progress(start, len(ids))
        part = ids[start : start + PART]
        with transaction.atomic():
            if writing:
                fence(row)
            held = Facility.everything.select_for_update().filter(pk__in=part, staged=True)
            part = list(held.values_list("pk", flat=True))  # asked again: it may be shown since it was looked at
            for model in (Span, FacilityChange, FacilityItem, ImportedChange):
                _delete(model._base_manager.filter(facility__in=part))
            _delete(Duplicate.objects.filter(Q(first__in=part) | Q(second__in=part)))
            _delete(Facility.everything.filter(pk__in=part))
    _clear_changes(row, writing)
    progress(len(ids), len(ids))
    return len(ids)


def _clear_changes(row: FacilityImport, writing: bool) -> None:
    """What was put in place is not needed any more; what stood before is, as long as the import may be undone."""
    mine = ImportedChange.objects.filter(origin=row)
    if row.state == ImportState.DONE:
        mine = mine.filter(back=False)
    while ids := list(mine.values_list("pk", flat=True)[: 4 * PART]):
        with transaction.atomic():
            if writing:
                fence(row)
            _delete(ImportedChange.objects.filter(pk__in=ids))


def _delete(rows: models.QuerySet[Any]) -> None:
    """Without collecting: nothing hangs on these rows that is not deleted beside them."""
    rows._raw_delete(rows.db)  # type: ignore[attr-defined]
