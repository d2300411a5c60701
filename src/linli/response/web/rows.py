"""Cases as pages show them: plain values made from a case and what the process keeps. No SQL here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from linli.core import clock
from linli.organisations import queries as organisations
from linli.site import urgency
from linli.site.templatetags.parts import icon
from linli.territory import queries as territory

from .. import queries
from ..choices import Channel
from ..rules import CASE

CHANNELS = {c.value: c.label for c in Channel}
# One row, put together at once: fifty of them through template nodes cost more than the rest of the page.
ROW = (
    '<tr><th scope="row"><a href="{number}/">{name}</a></th><td data-label="{h.place}">{place}{near}{pressed}</td>'
    '<td data-label="{h.stage}">{stage}</td>'
    '<td data-label="{h.due}"><span class="mark {kind}">{mark}{left}</span></td>'
    '<td data-label="{h.body}">{body}</td><td data-label="{h.opened}">{opened}<small>{channel}</small></td>'
    '<td data-label="{h.number}" class="num nowrap">{number}</td></tr>'
)


def urgency_view(matter: Any) -> dict[str, Any]:
    """What the urgency mark reads: a declined matter has run out of time no more than a closed one."""
    return {"due_at": matter.due_at, "closed_at": matter.closed_at or matter.ended_at}


def place_of(matter: Any) -> str:
    """`牛街 春风社区`: short subdistrict, community."""
    names = [territory.division_name(matter.subdistrict, short=True)] if matter.subdistrict else []
    if matter.community:
        names.append(territory.division_name(matter.community))
    return " ".join(names) or territory.division_name(matter.area)


@dataclass(frozen=True, slots=True)
class _Page:
    """What all rows of one page share: words in the reader's language, escaped once."""

    now: datetime
    today: date
    yesterday: str
    today_word: str
    done: str
    stages: dict[str, str]
    channels: dict[str, str]
    marks: dict[str, str]
    place: str
    stage: str
    due: str
    body: str
    opened: str
    number: str


def table_rows(cases: Iterable[Any], now: datetime | None = None) -> SafeString:
    """The rows of the list as mark-up. Every text that comes from data goes through `escape` here."""
    now = now or clock.now()
    page = _Page(
        now=now,
        today=clock.local(now).date(),
        yesterday=escape(_("昨天")),
        today_word=escape(_("今天")),
        done=escape(str(urgency.WORDS["done"])),
        stages={token: escape(str(stage.label)) for token, stage in CASE.stages.items()},
        channels={token: escape(str(label)) for token, label in CHANNELS.items()},
        marks={kind: icon(kind) for kind in urgency.WORDS},
        place=escape(_("地点")),
        stage=escape(_("环节")),
        due=escape(_("时限")),
        body=escape(_("承办单位")),
        opened=escape(_("受理")),
        number=escape(_("编号")),
    )
    return SafeString("\n".join([_row(case, page) for case in cases]))


def _row(case: Any, page: _Page) -> str:
    matter = case.matter
    closed_at = matter.closed_at or matter.ended_at
    kind = urgency.urgency(matter.due_at, closed_at, page.now)
    return ROW.format(
        h=page,
        number=queries.number_of_case(case),
        name=escape(queries.class_of(case).name),
        place=escape(place_of(matter)),
        near=f"<small>{escape(case.near)}</small>" if case.near else "",
        pressed=_pressed(case),
        stage=page.stages[matter.stage],
        kind=kind,
        mark=page.marks[kind],
        left=page.done if kind == "done" else escape(urgency.sentence(matter.due_at, None, page.now)),
        body=escape(organisations.body_name(matter.body_id, short=True)) if matter.body_id else "",
        opened=_opened(matter.opened_at, page),
        channel=page.channels.get(case.channel, ""),
    )


def _pressed(case: Any) -> str:
    """督办, 催办 2 次, 计时停着: what is to be seen at once."""
    found = queries.marks(case.reminded, case.supervised, case.paused_at)
    return "".join(f'<small><span class="mark {kind}">{escape(str(words))}</span></small>' for kind, words in found)


def _opened(moment: datetime, page: _Page) -> str:
    """As the filter `when` writes it."""
    here = clock.local(moment)
    day, away = here.date(), (here.date() - page.today).days
    word = page.today_word if away == 0 else page.yesterday if away == -1 else f"{day:%m-%d}"
    if away not in (0, -1) and day.year != page.today.year:
        word = f"{day:%Y-%m-%d}"
    return f'<time datetime="{moment.isoformat()}" title="{here:%Y-%m-%d %H:%M}">{word} {here:%H:%M}</time>'


def options(values: Iterable[tuple[str, Any]], chosen: str) -> SafeString:
    """The options of a select, escaped."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, SELECTED if value == chosen else "", label) for value, label in values),
    )


SELECTED = SafeString(" selected")
