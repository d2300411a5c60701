"""The chapters in their order. Each builder is pure: an edition in, a chapter out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _

from ..blocks import Chapter
from ..edition import Edition
from . import appendix, changes, method, overall, parts, sensitivity, units
from .numerals import counted

BUILDERS: tuple[Callable[[Edition], Chapter], ...] = (
    method.chapter,
    overall.chapter,
    parts.chapter,
    changes.chapter,
    sensitivity.chapter,
)
UNITS_AT_ONCE = 6


def chapters(edition: Edition) -> Iterator[Chapter]:
    """One after another, as they are made. Profiles come in lots, so that a long book shows how far it is."""
    number = 0
    for build in BUILDERS:
        number += 1
        made = build(edition)
        yield Chapter(made.key, made.title, made.blocks, _chapter(number), made.listed)
    codes = edition.of.subject.result.panel.units
    for start in range(0, len(codes), UNITS_AT_ONCE):
        lot = codes[start : start + UNITS_AT_ONCE]
        yield units.chapter(edition, lot, _chapter(number + 1), first=start == 0)
    yield appendix.data(edition)
    yield appendix.tree(edition)


def lots(edition: Edition) -> int:
    """How many chapters and lots `chapters` will bring."""
    return len(BUILDERS) + -(-len(edition.of.subject.result.panel.units) // UNITS_AT_ONCE) + 2


def _chapter(number: int) -> str:
    return _("第%(n)s章") % {"n": counted(number)}
