"""The index of place search: three long strings and where each row begins in them. No database.

Rows are put in by weight, so the first hits in a string are the best ones and scanning may stop early.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .readings import plain

LONGEST = 60  # characters of a query
_ADDRESS = re.compile(
    r"^(?:北京市?)?(?:西城区)?(.{2,}?)(?:甲|乙)?[0-9一二三四五六七八九十百]+(?:号|弄|巷|院|楼|栋|单元|室).*$"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is indexed of one row."""

    names: tuple[str, ...]  # the name, and a shorter one that counts as much
    pinyin: str  # likely readings one a line, syllables parted by a space; an empty line; rare ones
    initials: str  # the same


class _Haystack:
    """One string "\\nrow\\nrow..." with the row of each line and the offsets where a word may begin."""

    def __init__(self, lines: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Each line is (row, its syllables or characters)."""
        parts: list[str] = []
        self.offsets: list[int] = []
        self.rows: list[int] = []
        self.starts: set[int] = set()
        at = 0
        for row, words in lines:
            parts.append("\n")
            at += 1
            self.offsets.append(at)
            self.rows.append(row)
            for word in words:
                self.starts.add(at)
                parts.append(word)
                at += len(word)
        parts.append("\n")
        self.text = "".join(parts)

    def find(self, needle: str, limit: int, accept: Callable[[int], bool]) -> list[int]:
        """The first `limit` different rows that hold `needle`."""
        found: dict[int, None] = {}
        at = self.text.find(needle)
        while at >= 0 and len(found) < limit:
            begin = at + 1 if needle[0] == "\n" else at
            if accept(begin):
                found[self.rows[bisect_right(self.offsets, begin) - 1]] = None
            at = self.text.find(needle, at + 1)
        return list(found)

    def whole(self, query: str, limit: int) -> list[int]:
        return self.find(f"\n{query}\n", limit, lambda at: True)

    def prefix(self, query: str, limit: int) -> list[int]:
        return self.find(f"\n{query}", limit, lambda at: True)

    def inside(self, query: str, limit: int) -> list[int]:
        return self.find(query, limit, self.starts.__contains__)


def _lines(text: str, part: int) -> list[str]:
    halves = text.split("\n\n")
    return [line for line in halves[part].split("\n") if line] if part < len(halves) else []


class Index:
    """Search by name, full pinyin and initials; whole, then prefix, then inside; rare readings last."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._exact: dict[str, int] = {}
        named = [(row, plain(name)) for row, e in enumerate(entries) for name in e.names]
        for row, name in named:
            self._exact.setdefault(name, row)
        names = _Haystack((row, tuple(name)) for row, name in named)
        likely, rare = (
            (
                _Haystack((row, line.split(" ")) for row, e in enumerate(entries) for line in _lines(e.pinyin, part)),
                _Haystack((row, tuple(line)) for row, e in enumerate(entries) for line in _lines(e.initials, part)),
            )
            for part in (0, 1)
        )
        self._chinese = [(names,)]
        self._latin = [(names, *likely), rare]

    def find(self, text: str, limit: int) -> list[int]:
        """Row numbers, best first. Spaces, case and punctuation do not matter."""
        query = plain(text)
        if not query or limit < 1:
            return []
        return self._find(query, limit) or self._address(query, limit)

    def _find(self, query: str, limit: int) -> list[int]:
        found: dict[int, None] = {}
        for stacks in self._latin if query.isascii() else self._chinese:
            for way in (_Haystack.whole, _Haystack.prefix, _Haystack.inside):
                if len(found) >= limit:
                    return list(found)[:limit]
                hits = {row for stack in stacks for row in way(stack, query, limit)}
                found |= dict.fromkeys(sorted(hits))
        return list(found)[:limit]

    def _address(self, query: str, limit: int) -> list[int]:
        """An address such as `枣林前街70号`: the street without its number, else the longest name inside the query."""
        if (match := _ADDRESS.match(query)) and (hits := self._find(match[1], limit)):
            return hits
        for length in range(min(len(query), 20), 1, -1):
            hits = [
                self._exact[part]
                for start in range(len(query) - length + 1)
                if (part := query[start : start + length]) in self._exact
            ]
            if hits:
                return list(dict.fromkeys(hits))[:limit]
        return []
