"""The only writers of the calendar. Each change is a new revision and starts the recompute job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.canonical import canonical
from linli.core.errors import Conflict, Invalid
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.flow.retime import Retimed
from linli.jobs import actions as jobs
from linli.territory import queries as territory

from . import permissions, queries, shipped, table
from .choices import Change, DayKind
from .local import LENGTHS, Local, write
from .models import NoticeDay, NoticeYear, Revision
from .rules import CALENDAR, Hours
from .shipped import Day, Notice

MOST_LOCAL_DAYS = 60


@dataclass(frozen=True, slots=True)
class Changed:
    """The new revision's number and the job (uuid) that recomputes what hung on the calendar."""

    revision: int
    job: Any


def load_holidays(*, actor: Actor, csv: str | bytes | None = None) -> Changed | None:
    """Put a published table in force (by default the shipped one); None if nothing differs.

    Raises Forbidden, Invalid.
    """
    permissions.can_edit(actor).or_forbidden()
    try:
        notices = (
            shipped.read_notices(table.decode(csv) if isinstance(csv, bytes) else csv) if csv else shipped.notices()
        )
    except (KeyError, ValueError, TypeError) as error:
        raise Invalid("bad_table", _("放假表的列或日期不对：%(why)s") % {"why": str(error)[:80]}) from error
    for notice in notices:
        _check(notice.days, notice.year)
    now_in_force = queries.notice_days(_current())
    fresh = [n for n in notices if sorted(n.days, key=_date) != sorted(now_in_force.get(n.year, ()), key=_date)]
    return _change(Change.LOAD, actor=actor, expected=_current(), enter=fresh) if fresh else None


def enter_official_days(
    *, actor: Actor, year: int, rows: Iterable[Day], source: str = "", expected: int | None = None
) -> Changed:
    """Put the official days of one year's notice in force. `expected` is the revision the person looked at.

    Raises Forbidden, Invalid with each line's reason, Conflict if somebody changed the calendar meanwhile.
    """
    permissions.can_edit(actor).or_forbidden()
    days = tuple(sorted(rows, key=_date))
    if not 2007 <= year <= 2050:
        raise Invalid(
            "bad_year", _("年份须在 2007 到 2050 之间。"), fields={"year": [_("年份须在 2007 到 2050 之间。")]}
        )
    _check(days, year)
    if len(source) > 400 or (source and not source.startswith(("http://", "https://"))):
        raise Invalid("bad_source", _("通知网址不对。"), fields={"source": [_("请填写通知的网址，以 https:// 开头。")]})
    current = _current() if expected is None else expected
    return _change(Change.ENTER, actor=actor, expected=current, enter=[Notice(year, days, source)], year=year)


def set_hours(*, actor: Actor, valid_from: date, spans: str, expected: int, division: str = "") -> Changed:
    """Working hours from `valid_from` on, e.g. "09:00-12:00 13:30-18:00", of the house or of one division.

    For a division empty spans mean: from that day on as the division above. Raises Forbidden, Invalid, Conflict.
    """
    permissions.can_edit(actor).or_forbidden()
    try:
        read = shipped.read_spans(spans)
        if read or not division:
            Hours(valid_from, read)
    except ValueError as error:
        hint = _("例如：09:00-12:00 13:30-18:00")
        raise Invalid("bad_hours", _("工作时间写法不对。"), fields={"spans": [hint]}) from error
    if not date(2006, 1, 1) <= valid_from <= date(2050, 1, 1):
        raise Invalid("bad_day", _("生效日期不对。"), fields={"valid_from": [_("须在 2006 年到 2050 年之间。")]})
    if division:
        local = queries.local(expected)
        before = local.get(_known(division), Local())
        return _set_local(actor, division, before.with_hours(valid_from, read), local, expected)
    new = Hours(valid_from, read)
    kept = [h for h in queries.hours(expected) if h.valid_from != valid_from]
    return _change(Change.HOURS, actor=actor, expected=expected, hours=(*kept, new))


def set_local_days(
    *, actor: Actor, division: str, first: date, last: date, kind: str, name: str = "", expected: int
) -> Changed:
    """Days off ("holiday") or worked ("makeup_workday") in one division only; kind "" takes them back.

    Raises Forbidden, Invalid, Conflict.
    """
    permissions.can_edit(actor).or_forbidden()
    local = queries.local(expected)
    before = local.get(_known(division), Local())
    if not (date(2007, 1, 1) <= first <= last <= date(2050, 12, 31) and last - first < timedelta(days=MOST_LOCAL_DAYS)):
        hint = _("须在 2007 年到 2050 年之间，先后有序，一次不超过 %(n)s 天。") % {"n": MOST_LOCAL_DAYS}
        raise Invalid("bad_day", _("日期不对。"), fields={"last": [hint]})
    if kind not in ("", *DayKind.values):
        raise Invalid("bad_kind", _("请选择放假或上班。"), fields={"kind": [_("请选择放假或上班。")]})
    name = " ".join(name.split())
    if kind and not 1 <= len(name) <= 60:
        raise Invalid("bad_name", _("请写明原因。"), fields={"name": [_("请写明原因，不超过 60 字。")]})
    dates = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    own = before.with_days(tuple(Day(d, name, kind) for d in dates) if kind else (), dates)
    return _set_local(actor, division, own, local, expected)


def _set_local(actor: Actor, division: str, own: Local, local: dict[str, Local], expected: int) -> Changed:
    everything = write({**local, division: own})
    if everything == write(local):
        raise Invalid("nothing_to_change", _("本来就是这样安排的，没有什么要改。"))
    return _change(Change.LOCAL, actor=actor, expected=expected, local=everything, division=division)


def _known(division: str) -> str:
    """The code, if it is that of a district, subdistrict or community. Raises Invalid."""
    formed = division.isascii() and division.isdigit() and len(division) in LENGTHS
    if not formed or (territory.is_loaded() and territory.division(division) is None):
        raise Invalid("unknown_division", _("没有这个区划。"), fields={"division": [_("请选择街道或社区。")]})
    return division


def restore_previous(*, actor: Actor, expected: int) -> Changed:
    """Bring back the state before the newest revision, as a new revision. Raises Forbidden, Invalid, Conflict."""
    permissions.can_edit(actor).or_forbidden()
    if expected < 1:
        raise Invalid("nothing_to_undo", _("日历还没有修改过，不需要恢复。"))
    target = expected - 1
    current_rows = set(_in_force(expected).values_list("pk", flat=True))
    target_rows = list(_in_force(target).prefetch_related("days"))
    back = [
        Notice(n.year, tuple(Day(d.date, d.name, d.kind) for d in n.days.all()), n.source)
        for n in target_rows
        if n.pk not in current_rows
    ]
    gone = current_rows - {n.pk for n in target_rows}
    return _change(
        Change.RESTORE,
        actor=actor,
        expected=expected,
        enter=back,
        withdraw=gone,
        hours=queries.hours(target),
        local=write(queries.local(target)),
        division=Revision.objects.filter(number=expected).values_list("division", flat=True).first() or "",
        restores=target,
    )


def carry_divisions(*, actor: Actor, codes: Mapping[str, str]) -> dict[str, int]:
    """Hours and days of a division follow it to the code that takes its place, as a new revision; {} if none has any.

    A division that has its own keeps them: what goes into it lets its hours go. In a transaction. Raises Forbidden.
    """
    permissions.can_edit(actor).or_forbidden()
    before = _current()
    local = queries.local(before)
    gone = {old: own for old, own in local.items() if old in codes}
    if not gone:
        return {}
    kept = {code: own for code, own in local.items() if code not in codes}
    for old, own in sorted(gone.items()):
        kept.setdefault(codes[old], own)
    return {"made": _change(Change.LOCAL, actor=actor, expected=before, local=write(kept)).revision}


def put_divisions_back(*, actor: Actor, kept: Mapping[str, int]) -> None:
    """Undo of `carry_divisions`, unless the calendar was changed since."""
    if kept and _current() == kept["made"]:
        restore_previous(actor=actor, expected=kept["made"])


def note_recompute(*, actor: Actor, revision: int, done: Mapping[str, Retimed]) -> None:
    """One line in the calendar's own journal: what a revision made of the open matters. Raises Forbidden, Conflict.

    A job that ran again after its worker died finds nothing to change and adds no second line.
    """
    permissions.can_edit(actor).or_forbidden()
    found = Revision.objects.filter(number=revision).values_list("change", "actor").first()
    change, by = found or (Change.LOAD.value, "")
    facts = {
        "revision": revision,
        "in_force": queries.calendar().revision,
        "change": change,
        "by": by,
        "recomputed": sum(d.read for d in done.values()),
        "changed": sum(d.changed for d in done.values()),
        "digest": sha256(canonical({name: d.digest for name, d in done.items()}).encode()).hexdigest(),
    }
    with transaction.atomic():
        matter = _calendar_matter(actor)
        if facts["changed"] == 0 and any(line.facts.get("revision") == revision for line in queries.calendar_lines()):
            return
        flow.move(
            actor=actor,
            matter=matter,
            version=matter.version,
            verb="revise",
            flow=CALENDAR,
            allowed=permissions.can_edit(actor),
            facts=facts,
        )


def _calendar_matter(actor: Actor) -> Matter:
    """The one matter that the calendar is; opened at its first revision."""
    known = Matter.objects.filter(client_key=queries.CALENDAR_KEY).first()
    if known is not None:
        return known
    where = flow.Where(territory.district().code if territory.is_loaded() else "")
    try:
        return flow.open_matter(
            actor=actor,
            flow=CALENDAR,
            verb="open",
            title="工作日历",
            where=where,
            due=flow.DueTimes(),
            facts={},
            client_key=queries.CALENDAR_KEY,
        )
    except flow.AlreadyOpened as opened:
        return Matter.objects.get(pk=opened.matter_id)


def _change(
    change: Change,
    *,
    actor: Actor,
    expected: int,
    enter: Iterable[Notice] = (),
    withdraw: Iterable[int] = (),
    hours: tuple[Hours, ...] | None = None,
    year: int | None = None,
    restores: int | None = None,
    local: dict[str, Any] | None = None,
    division: str = "",
) -> Changed:
    """Write one revision and queue its recompute, in one transaction. The unique number lets one writer through."""
    number = expected + 1
    lines = (f"{h.valid_from} {shipped.write_spans(h.spans)}" for h in sorted(
        queries.hours(expected) if hours is None else hours, key=lambda h: h.valid_from))  # fmt: skip
    text = "\n".join(lines)
    kept_local = write(queries.local(expected)) if local is None else local
    try:
        with transaction.atomic():
            if _current() != expected:
                raise _somebody_was_faster()
            Revision.objects.create(
                number=number,
                change=change,
                year=year,
                restores=restores,
                hours=text,
                local=kept_local,
                division=division,
                actor=actor.label,
                at=clock.now(),
            )
            NoticeYear.objects.filter(pk__in=list(withdraw)).update(withdrawn=number)
            for notice in enter:
                NoticeYear.objects.filter(year=notice.year, withdrawn__isnull=True).update(withdrawn=number)
                kept = NoticeYear.objects.create(year=notice.year, entered=number, source=notice.source[:400])
                NoticeDay.objects.bulk_create(
                    [NoticeDay(notice=kept, date=d.date, name=d.name, kind=d.kind) for d in notice.days]
                )
            record(actor=actor, verb=AuditVerb.OTHER, target=f"calendar:{number}", change=change.value, year=year)
            job = jobs.start(
                "worktime.recompute", actor=actor, params={"revision": number}, return_url="/settings/calendar/"
            )
    except IntegrityError as error:
        if _current() == expected:
            raise
        raise _somebody_was_faster() from error
    queries.forget()
    return Changed(number, job.pk)


def _somebody_was_faster() -> Conflict:
    newest = Revision.objects.order_by("-number").first()
    who, when = (newest.actor, clock.local(newest.at)) if newest else ("", None)
    return Conflict(
        "calendar_changed",
        _("日历刚被 %(who)s 改成第 %(number)s 版，请刷新后再试。")
        % {"who": who, "number": newest.number if newest else 0},
        at=when.isoformat() if when else "",
    )


def _in_force(number: int) -> Any:
    return NoticeYear.objects.filter(entered__lte=number).exclude(withdrawn__lte=number)


def _current() -> int:
    return Revision.objects.order_by("-number").values_list("number", flat=True).first() or 0


def _check(days: Iterable[Day], year: int) -> None:
    if problems := table.check(days, year):
        sentences = [
            _("第 %(line)s 行 %(text)s：%(why)s") % {"line": p.line, "text": p.text, "why": p.reason} for p in problems
        ]
        raise Invalid("bad_days", _("有 %(n)s 行不能录入。") % {"n": len(problems)}, fields={"rows": sentences})


def _date(day: Day) -> date:
    return day.date
