"""The tree: indicators with their directions under nodes, one root; checked when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from linli_engines.composite.digest import digest
from linli_engines.composite.errors import Problem, refuse, stop_on


@dataclass(frozen=True, slots=True)
class Indicator:
    """A leaf. `direction` 1: more is better, -1: less is better. Its value is `factor` x variable / denominator, after
    the variable is brought to `unit` and the denominator to `denominator_unit` (both optional, then taken as they are).
    `goalposts` (low, high) are in units of that value, whatever the direction. `calibre`, where given, must be the panel's.
    """

    code: str
    parent: str
    direction: int = 1
    weight: float = 1.0
    name: str = ""
    unit: str = ""
    denominator: str = ""
    denominator_unit: str = ""
    factor: float = 1.0
    goalposts: tuple[float, float] | None = None
    calibre: str = ""
    denominator_calibre: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """An aggregate; the root alone has no parent. `weight` counts among its siblings."""

    code: str
    parent: str = ""
    weight: float = 1.0
    name: str = ""


@dataclass(frozen=True)
class Framework:
    """Raises Refused with every fault: a code twice, two parents, a parent that is no node, a cycle, no root or several,
    a node without children, a direction other than 1 and -1, a weight that is negative or no number.
    """

    indicators: tuple[Indicator, ...]
    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        stop_on(_faults(self.indicators, self.nodes))

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        return tuple(indicator.code for indicator in self.indicators)

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """Node -> its children in the order given, indicators first."""
        found: dict[str, list[str]] = {node.code: [] for node in self.nodes}
        for code, parent in self.parent_of.items():
            if parent:
                found[parent].append(code)
        return {code: tuple(codes) for code, codes in found.items()}

    @cached_property
    def parent_of(self) -> dict[str, str]:
        return {i.code: i.parent for i in self.indicators} | {n.code: n.parent for n in self.nodes}

    @cached_property
    def level(self) -> dict[str, int]:
        """Indicators are level 1; a node is one above its highest child."""
        found = dict.fromkeys(self.leaves, 1)

        def of(code: str) -> int:
            if code not in found:
                found[code] = 1 + max(of(child) for child in self.children[code])
            return found[code]

        for node in self.nodes:
            of(node.code)
        return found

    @cached_property
    def parents(self) -> tuple[str, ...]:
        """The nodes so that each comes after its children; the root is last."""
        return tuple(sorted((n.code for n in self.nodes), key=lambda code: self.level[code]))

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Indicators, then nodes from below: the order of the columns of scores and ranks."""
        return (*self.leaves, *self.parents)

    @cached_property
    def at(self) -> dict[str, int]:
        """Code -> column."""
        return {code: i for i, code in enumerate(self.codes)}

    @property
    def root(self) -> str:
        return self.parents[-1]

    @cached_property
    def weights(self) -> dict[str, float]:
        """The weights written into the tree, as they stand."""
        return {i.code: i.weight for i in self.indicators} | {n.code: n.weight for n in self.nodes}

    @cached_property
    def digest(self) -> str:
        return digest("framework", self.indicators, self.nodes)

    def under(self, code: str) -> tuple[str, ...]:
        """All indicators below a node, or the indicator itself."""
        if code in self.children:
            return tuple(leaf for child in self.children[code] for leaf in self.under(child))
        return (code,)

    def without(self, *codes: str) -> Framework:
        """The tree after these codes and all below them are taken out; nodes left empty go too."""
        unknown = set(codes) - set(self.codes)
        if unknown:
            raise refuse("NODE_UNKNOWN", "not in the tree", *sorted(unknown))
        gone = {leaf for code in codes for leaf in self.under(code)}
        kept = tuple(i for i in self.indicators if i.code not in gone)
        empty = {n.code for n in self.nodes if not set(self.under(n.code)) - gone}
        return Framework(kept, tuple(n for n in self.nodes if n.code not in empty))

    def directed(self, **directions: int) -> Framework:
        """The same tree with some directions changed."""
        return replace(
            self,
            indicators=tuple(replace(i, direction=directions.get(i.code, i.direction)) for i in self.indicators),
        )


def flat(indicators: Iterable[str], root: str = "index", cost: Sequence[str] = ()) -> Framework:
    """One node over indicators of equal weight; those in `cost` count downwards."""
    leaves = tuple(Indicator(code, root, -1 if code in cost else 1) for code in indicators)
    return Framework(leaves, (Node(root),))


def _faults(indicators: Sequence[Indicator], nodes: Sequence[Node]) -> list[Problem]:
    problems: list[Problem] = []
    items = [(i.code, i.parent) for i in indicators] + [(n.code, n.parent) for n in nodes]
    seen: dict[str, str] = {}
    for code, parent in items:
        if code in seen and seen[code] != parent:
            problems.append(Problem("TWO_PARENTS", f"two parents, {seen[code]!r} and {parent!r}", (code,)))
        elif code in seen:
            problems.append(Problem("CODE_TWICE", "a code stands twice in the tree", (code,)))
        seen.setdefault(code, parent)
    known = {node.code for node in nodes}
    lost = tuple(code for code, parent in items if parent and parent not in known)
    lost += tuple(i.code for i in indicators if not i.parent)
    if lost:
        problems.append(Problem("PARENT_UNKNOWN", "the parent is no node of the tree", lost))
    roots = tuple(node.code for node in nodes if not node.parent)
    circle = _circle(seen)
    if circle:
        problems.append(Problem("CYCLE", "a node is above itself", circle))
    elif len(roots) != 1:
        problems.append(Problem("ROOT", f"a tree has one root, here are {len(roots)}", roots))
    used = {parent for _code, parent in items}
    empty = tuple(node.code for node in nodes if node.code not in used)
    if empty:
        problems.append(Problem("NODE_EMPTY", "a node without anything below it", empty))
    wrong = tuple(i.code for i in indicators if i.direction not in (1, -1))
    if wrong:
        problems.append(Problem("DIRECTION", "a direction is 1 or -1", wrong))
    weights = [(i.code, i.weight) for i in indicators] + [(n.code, n.weight) for n in nodes]
    weightless = tuple(code for code, weight in weights if not 0 <= weight < float("inf"))
    if weightless:
        problems.append(Problem("WEIGHT", "a weight is a number from 0 up", weightless))
    posts = tuple(i.code for i in indicators if i.goalposts and not i.goalposts[0] < i.goalposts[1])
    if posts:
        problems.append(Problem("GOALPOSTS", "the low goalpost must lie below the high one", posts))
    return problems


def _circle(parents: dict[str, str]) -> tuple[str, ...]:
    """The codes of one circle, if there is one."""
    for start in parents:
        path: list[str] = []
        code = start
        while code and code in parents:
            if code in path:
                return tuple(path[path.index(code) :])
            path.append(code)
            code = parents[code]
    return ()
