"""Which ways may be walked: a table of tags (data/walkable.csv), read in order of rank; the first that speaks decides."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linli_engines.reach.source import Tag

DATA = Path(__file__).parent / "data"
ANY = "*"


@dataclass(frozen=True)
class TagRule:
    """`verdict` by profile: whether who travels so may pass; a profile that is missing leaves it to later rules."""

    rank: int
    key: str
    value: str
    verdict: Mapping[str, bool]


def tag_rules(path: Path = DATA / "walkable.csv") -> tuple[TagRule, ...]:
    """The rules of a table: columns rank, key, value (* for any other), one yes/no per profile, provenance, source.

    Raises ValueError for a cell that is neither yes, no nor empty, and where no row is left.
    """
    rules = []
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            verdict = {}
            for profile in row.keys() - {"rank", "key", "value", "provenance", "source"}:
                if row[profile] not in {"yes", "no", ""}:
                    raise ValueError(f"line {line}: {profile} is {row[profile]!r}, not yes, no or empty")
                if row[profile]:
                    verdict[profile] = row[profile] == "yes"
            rules.append(TagRule(int(row["rank"]), row["key"], row["value"], verdict))
    if not rules:
        raise ValueError(f"no rules in {path.name}")
    return tuple(sorted(rules, key=lambda r: (r.rank, r.value == ANY)))


def passable(
    tags: Mapping[str, Tag], edges: int, profile: str, rules: Sequence[TagRule]
) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """(E,) whether an edge may be passed, and (E,) which rule decided: -1 for none, and then it may.

    Raises ValueError for a profile of which no rule speaks.
    """
    if not any(profile in r.verdict for r in rules):
        raise ValueError(f"no rule speaks of the profile {profile!r}")
    decided = np.full(edges, -1, np.int32)
    for key, rank in dict.fromkeys((r.key, r.rank) for r in rules):
        tag = tags.get(key)
        if tag is None:
            continue
        by_value = np.full(len(tag.values) + 1, -1, np.int32)  # the last place is read by code -1: no value
        for number, rule in enumerate(rules):
            if (rule.key, rule.rank) != (key, rank) or profile not in rule.verdict:
                continue
            for code, value in enumerate(tag.values):
                if by_value[code] < 0 and rule.value in {value, ANY}:
                    by_value[code] = number
        open_still = decided < 0
        decided[open_still] = by_value[tag.code[open_still]]
    verdict = np.array([r.verdict.get(profile, True) for r in rules] + [True])
    return verdict[decided], decided
