"""Two tables side by side: lines that came, went, changed their body or moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from .engine import Rule


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changed` holds (before, after) of lines with the same condition; `moved` those that others overtook."""

    added: tuple[Rule, ...]
    removed: tuple[Rule, ...]
    changed: tuple[tuple[Rule, Rule], ...]
    moved: tuple[tuple[Rule, Rule], ...]

    @property
    def same(self) -> bool:
        return not (self.added or self.removed or self.changed or self.moved)


def compare(old: Sequence[Rule], new: Sequence[Rule]) -> Comparison:
    """What makes `new` another table than `old`. Lines are one when their condition is; twins are paired in order."""
    left: dict[object, list[int]] = defaultdict(list)
    for i, rule in enumerate(old):
        left[rule.condition].append(i)
    pairs: list[tuple[int, int]] = []
    added: list[Rule] = []
    for j, rule in enumerate(new):
        if left[rule.condition]:
            pairs.append((left[rule.condition].pop(0), j))
        else:
            added.append(rule)
    paired = {i for i, _j in pairs}
    removed = [r for i, r in enumerate(old) if i not in paired]
    changed = [(old[i], new[j]) for i, j in pairs if _content(old[i]) != _content(new[j])]
    before = sorted(i for i, _j in pairs)
    after = [i for i, _j in pairs]
    stays: set[int] = set()
    for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        stays |= set(before[block.a : block.a + block.size])
    moved = [(old[i], new[j]) for i, j in pairs if i not in stays]
    return Comparison(tuple(added), tuple(removed), tuple(changed), tuple(moved))


def _content(rule: Rule) -> tuple[object, ...]:
    return (rule.answer, rule.note, rule.provenance, rule.source)
