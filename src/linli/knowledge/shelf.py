"""The published articles as this process keeps them: the search index and the tree. Texts stay in the database.

A change is one segment more over the few articles that changed since the large one was built (milliseconds); when they
have become many, the large one is built anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from linli.core.reference import Reference

from . import markup
from .choices import Audience
from .models import Article, Category, Revision, Version
from .search import Entry, Index, Segment

MOST_CHANGED = 400  # articles in the small segment
MOST_READINGS = 6  # rare readings of a title that are kept beside the likely ones

_COLUMNS = (
    "id", "question", "keywords", "initials", "division", "valid_from", "valid_to", "audience", "article_id", "answer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A node of the tree."""

    code: str
    parent: str
    name_zh: str
    name_en: str

    @property
    def name(self) -> str:
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en or self.name_zh


@dataclass(frozen=True)
class Shelf:
    """One state of the shelf. `number` is the revision it shows, `base_number` that of the large segment."""

    number: int
    base: Segment
    base_number: int
    index: Index
    categories: Mapping[str, CategoryView] = field(default_factory=dict)


def initials_of(question: str, keywords: str) -> str:
    """Lines of pinyin initials: the title in its likely readings and a few rare ones, then the keywords."""
    from linli.territory.readings import curated, index_lines

    local = curated(settings.PACK / "pinyin.csv")
    likely, _break, rare = index_lines(question, local)[1].partition("\n\n")
    lines = [*likely.split("\n"), *rare.split("\n")[:MOST_READINGS]]
    words: list[str] = []
    for keyword in keywords.split():
        first, _break, other = index_lines(keyword, local)[1].partition("\n\n")
        words += [*first.split("\n"), *other.split("\n")[:2]]
    return "\n".join([*dict.fromkeys(line for line in lines if line), " ".join(dict.fromkeys(w for w in words if w))])


def _segment(rows: list[tuple[Any, ...]]) -> Segment:
    entries = [
        Entry(key, title, words, spelled, division, since, until, audience == Audience.EVERYONE, article)
        for key, title, words, spelled, division, since, until, audience, article, _answer in rows
    ]
    return Segment(entries).build([markup.words(row[-1]) for row in rows])


def _published(**which: Any) -> list[tuple[Any, ...]]:
    return list(Version.objects.filter(state="published", **which).order_by("id").values_list(*_COLUMNS))


def _revision() -> tuple[int, str]:
    return Revision.objects.filter(pk=1).values_list("number", "value").first() or (0, "")


_last: Shelf | None = None


def _load(revision: tuple[int, str]) -> Shelf:
    """Called by one thread at a time (the Reference holds its lock)."""
    global _last
    number = revision[0]
    found = _continued(_last, number) if _last is not None and number > _last.number else None
    if found is None:
        base = _segment(_published())
        found = Shelf(number, base, number, Index([base]), _categories())
    _last = found
    return found


def _continued(last: Shelf, number: int) -> Shelf | None:
    """The last state with what changed since; None when it is too much, or when the numbers do not add up."""
    changed = list(
        Article.objects.filter(changed__gt=last.base_number).values_list("id", flat=True)[: MOST_CHANGED + 1]
    )
    if len(changed) > MOST_CHANGED:
        return None
    those = frozenset(changed)
    small = _segment(_published(article__in=changed) if changed else [])
    index = Index([last.base, small], renewed=those)
    if int(index.alive.sum()) != Version.objects.filter(state="published").count():
        return None  # another line of history (a restored backup): read everything
    return Shelf(number, last.base, last.base_number, index, _categories())


def _categories() -> dict[str, CategoryView]:
    rows = Category.objects.order_by("code").values_list("code", "parent", "name", "name_en")
    return {row[0]: CategoryView(*row) for row in rows}


_reference: Reference[Shelf] = Reference(_revision, _load)


def shelf() -> Shelf:
    """The shelf as published now; no SQL within a second of the last check."""
    return _reference.get()


def forget() -> None:
    """Look again at the next question (after a change in this process)."""
    _reference.forget()


def forget_everything() -> None:
    """Also the arrays: after a test took its rows back, or a backup was restored."""
    global _last
    _reference.forget()
    _last = None
