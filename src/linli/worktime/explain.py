"""Why this time: the arithmetic of a due time, line by line, in the reader's language. Pure but for the translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from linli.core.clock import local

from .choices import WEEKDAYS, festival
from .clocks import Change, Extension, Step, steps
from .rules import CLOCK_UNITS, HOLIDAY, MAKEUP, SECOND, Calendar, Limit, Unit, due, moment_at

MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row that are treated alike. `minutes` and `days` are what they add to the count."""

    first: date
    last: date
    kind: str  # workday, makeup_workday, holiday, weekend
    name: str = ""
    begin: time | None = None  # the day is counted from here only
    end: time | None = None  # the day is counted to here only
    seconds: int = 0
    days: int = 0


def explain(calendar: Calendar, start: datetime, limit: Limit) -> tuple[str, ...]:
    """One sentence a line. Raises Invalid as `due` does."""
    return explain_with(calendar, start, limit, ())


def explain_with(calendar: Calendar, start: datetime, limit: Limit, changes: Sequence[Change]) -> tuple[str, ...]:
    """One sentence a line: how the limit was counted, then each pause and extension. Raises Invalid as `due_with`."""
    found = due(calendar, start, limit)
    done = list(steps(calendar, found, changes))
    begins, ends = local(start), local(found.at)
    lines = [_("从 %(when)s起算，时限%(limit)s。") % {"when": _moment(begins), "limit": limit_text(limit)}]
    if calendar.place and limit.unit not in CLOCK_UNITS:
        lines.append(_("按%(place)s自己的工作时间和放假安排计算。") % {"place": calendar.place})
    if limit.unit is Unit.URGENT_HOUR:
        lines.append(_("紧急工作时昼夜连续计算，节假日不停。"))
    elif limit.unit is Unit.NATURAL_DAY:
        lines.append(_("自然日连续计算，到最后一天的同一时刻为止，节假日不停。"))
    else:
        if limit.unit is Unit.WORKING_DAY:
            lines.append(_("起算当日不计，从次日起数工作日，到最后一个工作日的工作时间结束为止。"))
        else:
            lines.append(_("只计工作日工作时间以内的时间。"))
        body = [_line(s) for s in stretches(calendar, begins, ends, limit.unit)]
        if len(body) > MOST_LINES:
            body = [*body[: MOST_LINES - 6], _("（中间从略）"), *body[-5:]]
        lines += body
    if done:
        lines.append(_("原定到 %(when)s截止。") % {"when": _moment(ends)})
        lines += [_change_line(step, limit.unit) for step in done]
        at = done[-1].at_us
        lines.append(_stands_still() if at is None else _ends_at(local(moment_at(at))))
    else:
        lines.append(_ends_at(ends))
    if found.provisional or any(step.open for step in done):
        lines.append(
            _("%(day)s 以后的放假安排尚未录入官方通知，按法定节假日推算，录入后自动重算，这个时间可能变动。")
            % {"day": calendar.settled_until.isoformat()}
        )
    return tuple(lines)


def _ends_at(at: datetime) -> str:
    return _("到 %(when)s截止。") % {"when": _moment(at)}


def _stands_still() -> str:
    return _("现在时限停止计算，恢复以后才有截止时间。")


def _change_line(step: Step, unit: Unit) -> str:
    """What one pause or extension did."""
    change = step.change
    if isinstance(change, Extension):
        if step.at_us is None:
            return _("延期%(limit)s，恢复以后再加上。") % {"limit": limit_text(change.limit)}
        facts = {"limit": limit_text(change.limit), "when": _moment(local(moment_at(step.at_us)))}
        return _("延期%(limit)s，改到 %(when)s截止。") % facts
    begin = _moment(local(change.start))
    if change.end is None:
        words = _("%(a)s起暂停时已经过了截止时间，不再改变。") if step.late else _("%(a)s起暂停，还没有恢复。")
        return words % {"a": begin}
    facts = {"a": begin, "b": _moment(local(change.end)), "held": _length(step.held_us, unit)}
    if step.late:
        return _("%(a)s至 %(b)s暂停，开始时已经过了截止时间，不再改变。") % facts
    if not step.held_us:
        return _("%(a)s至 %(b)s暂停，这段时间本来不计，截止时间不变。") % facts
    facts["when"] = _moment(local(moment_at(step.at_us or 0)))
    if unit in CLOCK_UNITS:
        return _("%(a)s至 %(b)s暂停，%(held)s不计，改到 %(when)s截止。") % facts
    return _("%(a)s至 %(b)s暂停，其中工作时间%(held)s不计，改到 %(when)s截止。") % facts


def stretches(calendar: Calendar, begins: datetime, ends: datetime, unit: Unit) -> Iterator[Stretch]:
    """The days from `begins` to `ends` (wall clock), joined where alike; what is counted adds up to the limit."""
    held: Stretch | None = None
    for piece in _days(calendar, begins, ends, unit):
        if held and _joins(held, piece):
            held = replace(held, last=piece.last, seconds=held.seconds + piece.seconds, days=held.days + piece.days)
            continue
        if held:
            yield held
        held = piece
    if held:
        yield held


def _days(calendar: Calendar, begins: datetime, ends: datetime, unit: Unit) -> Iterator[Stretch]:
    day = begins.date() + timedelta(days=unit is Unit.WORKING_DAY)
    while day <= ends.date():
        name, kind = calendar.names.get(day, ""), calendar.days.get(day)
        spans = calendar.spans_on(day)
        if not spans:
            yield Stretch(day, day, HOLIDAY if kind == HOLIDAY else "weekend", name if kind == HOLIDAY else "")
        elif unit is Unit.WORKING_DAY:
            yield Stretch(day, day, kind or "workday", name, days=1)
        else:
            begin = begins.time() if day == begins.date() else time.min
            end = ends.time() if day == ends.date() else time.max
            seconds = sum(max(0, _s(min(b, end)) - _s(max(a, begin))) for a, b in spans)
            opens, closes = spans[0][0], spans[-1][1]
            yield Stretch(
                day,
                day,
                kind or "workday",
                name,
                begin=begin if begin > opens else None,
                end=end if end < closes else None,
                seconds=seconds,
            )
        day += timedelta(days=1)


def _joins(a: Stretch, b: Stretch) -> bool:
    whole = not (a.begin or a.end or b.begin or b.end)
    return whole and (a.kind, a.name) == (b.kind, b.name)


def _line(s: Stretch) -> str:
    days = _day(s.first) if s.first == s.last else _("%(a)s至 %(b)s") % {"a": _day(s.first), "b": _day(s.last)}
    facts = {"days": days, "name": festival(s.name), "amount": _amount(s)}
    if s.kind == HOLIDAY:
        return _("%(days)s：%(name)s放假，不计。") % facts
    if s.kind == "weekend":
        return _("%(days)s：周末，不计。") % facts
    if s.begin or s.end:
        facts["days"] = _span(days, s)
    if s.kind == MAKEUP:
        return _("%(days)s：%(name)s调休上班，计%(amount)s。") % facts
    return _("%(days)s：计%(amount)s。") % facts


def _span(days: str, s: Stretch) -> str:
    if s.begin and s.end:
        return _("%(days)s%(a)s 至 %(b)s") % {"days": days, "a": f"{s.begin:%H:%M}", "b": f"{s.end:%H:%M}"}
    if s.begin:
        return _("%(days)s%(a)s 以后") % {"days": days, "a": f"{s.begin:%H:%M}"}
    return _("%(days)s%(b)s 以前") % {"days": days, "b": f"{s.end:%H:%M}"}


def _length(us: int, unit: Unit) -> str:
    """How long, in days (of the clock only), hours and minutes; in seconds below a minute."""
    seconds = us // SECOND
    if seconds < 60:
        return ngettext(" %(n)d 秒", " %(n)d 秒", seconds) % {"n": seconds}
    days, rest = divmod(seconds, 86_400) if unit in CLOCK_UNITS else (0, seconds)
    text = ngettext(" %(n)d 天", " %(n)d 天", days) % {"n": days} if days else ""
    return f"{text} {_hours(rest).lstrip()}" if text and rest >= 60 else text or _hours(rest)


def _amount(s: Stretch) -> str:
    if s.days:
        return ngettext(" %(n)d 个工作日", " %(n)d 个工作日", s.days) % {"n": s.days}
    return _hours(s.seconds)


def _hours(seconds: int) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if not minutes:
        return _(" %(h)d 小时") % {"h": hours}
    if not hours:
        return _(" %(m)d 分钟") % {"m": minutes}
    return _(" %(h)d 小时 %(m)d 分钟") % {"h": hours, "m": minutes}


def limit_text(limit: Limit) -> str:
    """ " 4 个工作时" in the reader's language, with the space that sets a number off from Chinese."""
    n = limit.amount
    texts = {
        Unit.URGENT_HOUR: ngettext(" %(n)d 个紧急工作时", " %(n)d 个紧急工作时", n),
        Unit.WORKING_HOUR: ngettext(" %(n)d 个工作时", " %(n)d 个工作时", n),
        Unit.WORKING_DAY: ngettext(" %(n)d 个工作日", " %(n)d 个工作日", n),
        Unit.NATURAL_DAY: ngettext(" %(n)d 个自然日", " %(n)d 个自然日", n),
    }
    return texts[limit.unit] % {"n": n}


def _moment(at: datetime) -> str:
    return _("%(when)s（%(weekday)s）") % {"when": f"{at:%Y-%m-%d %H:%M}", "weekday": WEEKDAYS[at.weekday()]}


def _day(day: date) -> str:
    return _("%(day)s（%(weekday)s）") % {"day": f"{day:%m-%d}", "weekday": WEEKDAYS[day.weekday()]}


def _s(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second
