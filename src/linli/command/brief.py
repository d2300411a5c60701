"""The brief: one sheet about a day, a week or a month. What it says, and the sheet as PDF; always one page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.response import board
from linli.response.queries import periods
from linli.response.queries.happened import Ground
from linli.site import printing, urgency
from linli.territory import queries as territory

from . import comparison, drawings
from .comparison import Comparison, Pair, PlaceRow
from .forms import Asked

PLACES, KINDS, LATE, PRESSED, MARKS = 15, 8, 10, 5, 400
NAME, LINE = 9, 30  # so many characters of a name, of a place, stand on the sheet
MAP = (330, 300)  # points wide, and high at most


@dataclass(frozen=True, slots=True)
class Item:
    """A case on the sheet: no text of it, no person."""

    number: str
    url: str
    title: str
    place: str
    said: str


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything on the sheet."""

    span: str
    now: Asked
    before: Asked
    found: Comparison
    also: list[Pair]  # a day: the same numbers a week ago
    places: list[PlaceRow]
    others: tuple[int, int, int] | None  # places left out: how many, opened, late
    kinds: list[PlaceRow]
    late: list[Item]
    pressed: list[Item]
    drawing: SafeString
    notes: list[str]


def brief(actor: Actor, ground: Ground, span: str, now: Asked, before: Asked) -> Brief:
    """Raises Forbidden, Missing."""
    found = comparison.compare(actor, ground, now, before)
    also: list[Pair] = []
    if span == "day":
        week = periods.period(actor, ground, now.first - timedelta(days=7), now.last - timedelta(days=7))
        also = comparison.heads(ground, found.now, week)
    late = [_item(p, _late_for(due, found)) for p, due in periods.listed_late(actor, ground, found.now.end, LATE)]
    pressed = [
        _item(p, _pressed_said(supervised, reminded))
        for p, supervised, reminded in periods.listed_pressed(actor, ground, found.now.end, PRESSED)
    ]
    rest = found.places[PLACES:] if len(found.places) > PLACES + 1 else []
    others = (len(rest), _sum(rest, "opened"), _sum(rest, "late")) if rest else None
    return Brief(
        span, now, before, found, also, found.places[: PLACES + (0 if rest else 1)], others, _busiest(found), late, pressed,
        _drawing(actor, ground, now, found), notes(found, span),
    )  # fmt: skip


def _sum(rows: list[PlaceRow], key: str) -> int:
    return int(sum(getattr(row, key).now or 0 for row in rows))


def _busiest(found: Comparison) -> list[PlaceRow]:
    return [k for k in found.kinds if k.opened.now][:KINDS]


def _late_for(due: Any, found: Comparison) -> str:
    return _("超期 %(span)s") % {"span": urgency.span((found.now.end - due).total_seconds())}


def _pressed_said(supervised: int, reminded: int) -> str:
    said = [_("督办 %(n)d 次") % {"n": supervised}] if supervised else []
    return _("，").join([*said, *([_("催办 %(n)d 次") % {"n": reminded}] if reminded else [])])


def _item(point: board.Point, said: str) -> Item:
    number = board.number_of_point(point)
    url = reverse("response:case", args=[number])
    return Item(number, url, cut(board.class_name(point), 14), cut(board.place_line(point), LINE), said)


def cut(words: str, most: int) -> str:
    """The words, with an ellipsis where they are longer; two narrow letters count as one."""
    room = 2 * most
    for n, c in enumerate(words):
        room -= 1 if c.isascii() else 2
        if room < 0:
            return words[: max(n - 1, 1)] + "…"
    return words


def _drawing(actor: Actor, ground: Ground, now: Asked, found: Comparison) -> SafeString:
    new, late = periods.places(actor, ground, now.first, now.last, MARKS)
    marks = [(lon, lat, "new") for lon, lat in new] + [(lon, lat, "late") for lon, lat in late]
    counts = {p.code: int(p.opened.now or 0) for p in found.places}
    title = _("受理的地方 %(n)d 处，超期的 %(late)d 处") % {"n": len(new), "late": len(late)}
    return mark_safe(drawings.flat(drawings.point_map(ground.division, marks, counts, title, *MAP)))  # noqa: S308  our own


NOTED = ("opened", "closed", "rate", "late")  # numbers of which the foot says what they count


def notes(found: Comparison, span: str) -> list[str]:
    """What must be known of the numbers."""
    words = comparison.words()
    said = [
        _("截至 %(at)s（北京时间）。地点按现在负责的街道、社区，不按受理时的网格。") % {"at": found.at},
        "".join(_("%(name)s：%(calibre)s") % {"name": words[k][0], "calibre": words[k][1]} for k in NOTED),
        _("街道、社区界线为近似；没有界线的社区不在图上，在数字里。"),
    ]
    if found.running:
        said.append(_("今天还没有过完，和完整的一天比要留意。"))
    if found.simulated:
        said.append(_("含演示数据：模拟生成，不是真实事项。"))
    return said


def title(span: str, ground: Ground) -> str:
    """西城区每日简报."""
    words = {"day": _("%(place)s每日简报"), "week": _("%(place)s每周简报"), "month": _("%(place)s每月简报")}
    return words[span] % {"place": territory.division_name(ground.division)}


def context(sheet: Brief, ground: Ground, kind: str) -> dict[str, Any]:
    """What page and paper show of it."""
    shown = [
        p
        for p in sheet.found.heads
        if p.key in ("opened", "closed", "rate", "open", "late", "content", "reworked", "reopened")
    ]
    also = {p.key: p for p in sheet.also}
    return {
        "b": sheet,
        "heads": [(p, also.get(p.key)) for p in shown],
        "title": title(sheet.span, ground),
        "kind": kind,
        "attribution": territory.attribution()[0],
        "inside": ground.inside,
        "made": f"{clock.local(clock.now()):%Y-%m-%d %H:%M}",
        "rows": [(cut(r.name, NAME), r) for r in sheet.places],
        "classes": [(cut(r.name, 11), r) for r in sheet.kinds],
    }  # fmt: skip


def paper(shown: dict[str, Any]) -> bytes:
    """The sheet as PDF. Raises Missing (no_printing)."""
    place = finders.find("command/brief.css")
    assert isinstance(place, str), "command/brief.css is part of this room"
    with open(place, encoding="utf-8") as file:
        css = file.read()
    html = render_to_string("command/brief_paper.html", shown | {"language": get_language()})
    return printing.pdf(html, css)
