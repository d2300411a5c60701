"""A change of a score shared out by Shapley's rule: every order in which data, weights and framework could have moved counts alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from linli_engines.composite.change import unlike
from linli_engines.composite.errors import refuse, stop_on
from linli_engines.composite.explain import At
from linli_engines.composite.panel import Floats

PLAYERS_LIMIT = 16
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class _Game:
    """Who has moved in each coalition: arrays over coalitions; `data` by indicator."""

    before: At
    after: At
    weights: Bools
    framework: Bools
    data: Mapping[str, Bools]


def shapley(
    before: At, after: At, groups: Mapping[str, tuple[str, ...]] | None = None, node: str = ""
) -> dict[str, float]:
    """Parts of the change that add up to it: "weights", "framework" and "data", or each of the `groups` (name ->
    indicators or nodes; they must cover all indicators once). Exact, over 2^players coalitions; at most 16 players.
    What is not in a state takes its value and weight from the other. Raises Refused (`change.unlike`).
    """
    stop_on(unlike(before, after, node))
    leaves = _leaves(before, after, node)
    named = groups or {"data": leaves}
    member = _members(named, leaves, before, after)
    players = ["weights", "framework", *named]
    if len(set(players)) < len(players):
        raise refuse("GROUPS", "weights and framework are players already", *named)
    if len(players) > PLAYERS_LIMIT:
        raise refuse("GROUPS", f"{len(players)} players, the limit is {PLAYERS_LIMIT}: take larger groups")
    coalition = np.arange(1 << len(players))
    inside = {name: (coalition >> k & 1).astype(bool) for k, name in enumerate(players)}
    for at in (before, after):
        for code in at.result.framework.parents:
            at.mean(code)
            if at.absolute(code):
                raise refuse(
                    "DOUBT_BY_UNIT",
                    "benefit of the doubt chooses its weights by the data: the two cannot move apart",
                    code,
                )
    game = _Game(before, after, inside["weights"], inside["framework"], {leaf: inside[member[leaf]] for leaf in leaves})
    value = _worth(game, node or before.result.framework.root, node or after.result.framework.root)
    return {name: _share(value, inside[name], k, len(players)) for k, name in enumerate(players)}


def _share(value: Floats, inside: Bools, k: int, players: int) -> float:
    without = np.flatnonzero(~inside)
    size = np.array([int(c).bit_count() for c in without])
    order = np.array([factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)])
    return float((order[size] * (value[without | 1 << k] - value[without])).sum())


def _leaves(a: At, b: At, node: str) -> tuple[str, ...]:
    trees = [at.result.framework for at in (a, b)]
    found = [leaf for tree in trees for leaf in tree.under(node or tree.root)]
    return tuple(dict.fromkeys(found))


def _members(groups: Mapping[str, tuple[str, ...]], leaves: tuple[str, ...], a: At, b: At) -> dict[str, str]:
    member: dict[str, str] = {}
    for name, codes in groups.items():
        for code in codes:
            own = {leaf for at in (a, b) if code in at.result.framework.at for leaf in at.result.framework.under(code)}
            for leaf in own:
                if member.setdefault(leaf, name) != name:
                    raise refuse("GROUPS", f"in {member[leaf]} and in {name}", leaf)
    lost = [leaf for leaf in leaves if leaf not in member]
    if lost:
        raise refuse("GROUPS", "in no group", *lost)
    return member


def _worth(game: _Game, code: str, twin: str) -> Floats:
    """The node's score in every coalition."""
    a, b = game.before, game.after
    in_a, in_b = code in a.result.framework.at, twin in b.result.framework.at
    if (in_a and code not in a.result.framework.children) or (in_b and twin not in b.result.framework.children):
        x0 = a.value(code) if in_a else float("nan")
        x1 = b.value(twin) if in_b else float("nan")
        x0, x1 = (x1 if np.isnan(x0) else x0), (x0 if np.isnan(x1) else x1)
        return np.where(game.data[code], x1, x0)
    w0 = a.shares(code) if in_a else {}
    w1 = b.shares(twin) if in_b else {}
    weights = _weights(w0 or w1, w1 or w0, game)
    mean = a.mean(code) if in_a else b.mean(twin)
    total = sum(w * mean.forward(_worth(game, c, c)) for c, w in weights.items())
    return mean.inverse(np.asarray(total, dtype=float))


def _weights(w0: dict[str, float], w1: dict[str, float], game: _Game) -> dict[str, Floats]:
    """Each child's share in every coalition. With one tree and the other's weights, the children both know share as the
    other has them what they hold together in this tree.
    """
    s0 = sum(w for c, w in w0.items() if c in w1)
    s1 = sum(w for c, w in w1.items() if c in w0)
    found: dict[str, Floats] = {}
    for c in dict.fromkeys((*w0, *w1)):
        if c in w0 and c in w1:
            old, new = (w0[c] / s0 if s0 > 0 else 0.0), (w1[c] / s1 if s1 > 0 else 0.0)
            found[c] = np.where(game.weights, new, old) * np.where(game.framework, s1, s0)
        else:
            found[c] = np.where(game.framework, w1.get(c, 0.0), w0.get(c, 0.0))
    return found
