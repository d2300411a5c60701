"""Pinyin readings of names: all readings of every character, with a curated list for local ones. No database."""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

MOST = 48  # readings kept of one name; the most likely ones come first

Syllables = tuple[str, ...]
Curated = tuple[tuple[str, tuple[str, ...]], ...]
_KEEP = re.compile(r"[0-9a-z\u3400-\u9fff\U00020000-\U0003ffff]")


def plain(text: str) -> str:
    """How names and queries are compared: NFKC, lower case, letters, digits and Chinese characters only."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ü", "v")
    return "".join(_KEEP.findall(folded))


def curated(path: Path) -> Curated:
    """The list `term,reading` of a pack; longer terms first. Raises ValueError if syllables do not match characters."""
    if not path.exists():
        return ()
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            syllables = tuple(row["reading"].split())
            if len(syllables) != len(row["term"]):
                raise ValueError(f"{path.name}: {row['term']} has {len(row['term'])} characters, not {len(syllables)}")
            found.append((row["term"], syllables))
    return tuple(sorted(found, key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=20_000)
def _of_character(character: str) -> tuple[str, ...]:
    from pypinyin import Style, pinyin  # large tables that only loading a pack needs

    readings = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
    return tuple(dict.fromkeys(r for raw in readings for r in _spellings(raw)))


def _spellings(syllable: str) -> tuple[str, ...]:
    """ "lv" is also typed "lu"."""
    return (syllable, syllable.replace("v", "u")) if "v" in syllable and not syllable.isdigit() else (syllable,)


def readings(name: str, local: Curated = ()) -> tuple[list[Syllables], list[Syllables]]:
    """Readings of `plain(name)`, one syllable a character: the likely ones, and the rare ones.

    Likely is the phrase reading with curated terms in place (all their readings); rare is each further reading of
    each single character, then of pairs of characters, up to `MOST` in all.
    """
    text = plain(name)
    if not text:
        return [], []
    likely = _with_curated(text, _phrase(text), local)
    first = likely[0]
    others = [
        (index, reading)
        for index, character in enumerate(text)
        if not character.isascii()
        for reading in _of_character(character)
        if reading != first[index]
    ]
    rare: dict[Syllables, None] = {}
    for start in likely:
        for index, reading in others:
            rare.setdefault((*start[:index], reading, *start[index + 1 :]))
    for (i, a), (j, b) in combinations(others, 2):
        if len(rare) >= MOST:
            break
        if i != j:
            changed = list(first)
            changed[i], changed[j] = a, b
            rare.setdefault(tuple(changed))
    return likely, [r for r in rare if r not in likely][:MOST]


def _with_curated(text: str, base: Syllables, local: Curated) -> list[Syllables]:
    """The base reading with the first listed reading of each curated term, then with the terms' other readings."""
    first, others, seen = base, [], set()
    taken: set[int] = set()
    for term, syllables in local:
        at = text.find(term)
        if at < 0:
            continue
        changed = (*first[:at], *syllables, *first[at + len(term) :])
        if term in seen:
            others.append(changed)
        elif taken.isdisjoint(range(at, at + len(term))):
            seen.add(term)
            taken.update(range(at, at + len(term)))
            first = changed
    spelled = tuple(s.replace("v", "u") if "v" in s and len(s) > 1 else s for s in first)
    return list(dict.fromkeys([first, *others, spelled]))


def _phrase(text: str) -> Syllables:
    """The likeliest syllable of each character; a Latin letter or a digit reads as itself."""
    from pypinyin import Style, pinyin

    syllables: list[str] = []
    for run in re.findall(r"[0-9a-z]+|[^0-9a-z]+", text):
        if run[0].isascii():
            syllables.extend(run)
        else:
            alone: Any = list  # a rare character stands for itself, one item each (the stubs know text only)
            syllables.extend(p[0] for p in pinyin(run, style=Style.NORMAL, errors=alone))
    return tuple(syllables)


def index_lines(name: str, local: Curated = ()) -> tuple[str, str]:
    """Text for the index, in full and by initials: likely readings one a line, an empty line, then the rare ones."""
    likely, rare = readings(name, local)
    full = [[" ".join(syllables) for syllables in part] for part in (likely, rare)]
    short = [list(dict.fromkeys("".join(s[0] for s in syllables) for syllables in part)) for part in (likely, rare)]
    short[1] = [s for s in short[1] if s not in short[0]]
    return "\n\n".join("\n".join(p) for p in full), "\n\n".join("\n".join(p) for p in short)
