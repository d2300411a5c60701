"""The book as PDF: chapter after chapter is laid out, then cover and contents, which know the pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linli.core import clock
from linli.site import printing

from .. import charts
from ..web import explore_words
from .blocks import Chapter, Drawn
from .edition import Edition

MANY = 12
"""So many sections are listed in columns."""
Told = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the contents."""

    key: str
    title: str
    page: int | None
    sections: tuple[Entry, ...] = ()

    @property
    def many(self) -> bool:
        return len(self.sections) > MANY


def pdf(edition: Edition, chapters: Sequence[Chapter], told: Told = lambda: None) -> bytes:
    """`told` is called after each chapter. Raises Missing (no_printing), Invalid (no_glyph)."""
    press = printing.Press(style())
    for chapter in chapters:
        html = sheet(edition, chapter)
        printing.refuse_holes(html)
        press.add(html, running(edition, press.pages))
        told()
    places = press.places
    front = render_to_string(
        "evaluation/book/front.html",
        frame(edition) | {"contents": contents(chapters, places)},
    )
    printing.refuse_holes(front)
    press.add(front, running(edition, 0), front=True)
    return press.pdf()


def sheet(edition: Edition, chapter: Chapter) -> str:
    """One chapter as a page of its own."""
    blocks = tuple(_flat(b) for b in chapter.blocks)
    flat = Chapter(chapter.key, chapter.title, blocks, chapter.number, chapter.listed)
    return render_to_string("evaluation/book/sheet.html", frame(edition) | {"chapter": flat})


def _flat(block: Any) -> Any:
    return Drawn(block.title, charts.flat(block.svg), block.name, block.note) if isinstance(block, Drawn) else block


def frame(edition: Edition) -> dict[str, Any]:
    """What every template is given."""
    return {
        "edition": edition, "language": get_language() or "zh-hans", "made": f"{clock.local(edition.made_at):%Y-%m-%d %H:%M}",
        "reasons": explore_words.reasons(edition.row.reasons, edition.of.opened),
    }  # fmt: skip


def running(edition: Edition, pages: int) -> str:
    """What stands at the edges of each page, and where the numbers go on."""
    start = f"@page :first {{ counter-reset: page {pages + 1}; }}" if pages else ""
    head = f"@page {{ @top-left {{ content: {_quoted(edition.title)}; }} @bottom-left {{ content: {_quoted(edition.provenance)}; }} }}"
    bare = "@page cover { @top-left { content: none; } @bottom-left { content: none; } }"
    return f"{head} {bare} {start}"


def _quoted(text: str) -> str:
    """A CSS string that nothing in the text can end."""
    return '"' + "".join(f"\\{ord(c):x} " if c in '"\\<>&\n\r' else c for c in text) + '"'


def contents(chapters: Sequence[Chapter], places: dict[str, int] | None = None) -> list[Entry]:
    """Chapters with their sections; lots of profiles are one chapter."""
    found: list[Entry] = []
    at = places or {}
    for chapter in chapters:
        sections = tuple(Entry(s.key, s.title, at.get(s.key)) for s in chapter.sections)
        if chapter.listed:
            found.append(Entry(chapter.key, chapter.heading, at.get(chapter.key), sections))
        else:
            last = found[-1]
            found[-1] = Entry(last.key, last.title, last.page, (*last.sections, *sections))
    return found


def style(name: str = "book") -> str:
    """A style sheet of this room as text."""
    place = finders.find(f"evaluation/{name}.css")
    assert isinstance(place, str), f"evaluation/{name}.css is part of this room"
    with open(place, encoding="utf-8") as file:
        return file.read()


def file_name(edition: Edition) -> str:
    """Readable, and safe in every file system."""
    kept = "".join(c for c in edition.title if c.isalnum() or c in "-_ ") or _("年报")
    return f"{kept.strip()[:60]}-{edition.row.short}"
