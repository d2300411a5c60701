"""The routes of the first releases, (division × class prefix) → body with the narrowest first, as an ordered table."""

from __future__ import annotations

from collections.abc import Iterable

from .engine import Rule


def ordered(rows: Iterable[tuple[str, str, str, str, str]]) -> list[Rule]:
    """Rules with the same answers as the rows (division, class prefix, body, provenance, source).

    Lines of one width cannot meet, so those that say the same are put together: classes first, then divisions.
    """
    by_division: dict[tuple[int, int, str, str, str, str], list[str]] = {}
    for division, prefix, body, provenance, source in rows:
        by_division.setdefault((-len(division), -len(prefix), division, body, provenance, source), []).append(prefix)
    together: dict[tuple[int, int, tuple[str, ...], str, str, str], list[str]] = {}
    for (wide, deep, division, body, provenance, source), prefixes in by_division.items():
        key = (wide, deep, tuple(sorted(prefixes)), body, provenance, source)
        together.setdefault(key, []).append(division)
    lines = sorted(together.items(), key=lambda item: (item[0][0], item[0][1], sorted(item[1]), item[0][2:]))
    return [
        Rule(
            order,
            divisions=tuple(sorted(divisions)),
            classes=classes,
            lead=body,
            provenance=provenance or "provisional",
            source=source,
        )
        for order, ((_wide, _deep, classes, body, provenance, source), divisions) in enumerate(lines, 1)
    ]
