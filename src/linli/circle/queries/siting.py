"""Where the next facilities of an item should stand: proven by the engine, or with the bound that was reached.

Candidates are the places where people live, seen from the street: a planner moves the answer to the plot that exists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from linli.core.errors import Invalid

from .. import matrices, network
from ..choices import Aim
from .reach import SITES_MOST, Asked, Edit, feet_of


@dataclass(frozen=True)
class Sites:
    """chosen: (lon, lat) of each; homes gained and homes covered before, out of all; metres saved for the shortest aim;
    proven, or how far from the best it may be (gap, a share of the answer)."""

    chosen: tuple[tuple[float, float], ...]
    gained: int
    covered_before: int
    homes: int
    proven: bool
    gap: float
    beyond_all: int


STAGES = 3


def check(count: int, aim: str) -> None:
    """Raises Invalid for a number of places or an aim that is none."""
    if aim not in Aim.values:
        raise Invalid("bad_aim", _("没有这种选址目标。"))
    if not 1 <= count <= SITES_MOST:
        raise Invalid("bad_count", _("一次可以选 1 到 %(n)s 处。") % {"n": SITES_MOST})


def sites(
    question: Asked,
    edits: Sequence[Edit],
    *,
    count: int,
    aim: str,
    told: Callable[[int, int, str], None] = lambda *_told: None,
) -> Sites:
    """At most `count` new places for an item beside those that stand. told: the stage out of STAGES, and what is done.

    Raises Invalid as `check` does, without homes, and where covering all takes more places than may be asked at once.
    """
    from linli_engines.reach.siting import cover_all, cover_most, shorten_walks
    from linli_engines.reach.solving import reach

    check(count, aim)
    told(0, STAGES, _("正在读取路网和住处"))
    ground = network.ground(question.pace.steps)
    community = matrices.community_index(ground.homes.community)
    homes = np.flatnonzero((community >= 0) & (ground.placed.places.arc >= 0))
    if not len(homes):
        raise Invalid("no_homes", _("还没有居住区数据，不能选址。"))
    places, graph, cap = matrices.subset(ground.placed.places, homes), ground.streets.graph, float(question.cap_m)
    standing = feet_of(question, edits).places
    told(1, STAGES, _("正在算每个住处到每个候选地点的路"))
    before = reach(graph, places, standing, np.zeros(len(standing.arc), np.int32), 1, cap).nearest_m[:, 0]
    number = np.arange(len(homes), dtype=np.int32)
    metres = reach(graph, places, places, number, len(homes), cap).nearest_m
    there = np.append(np.isfinite(metres), np.isfinite(before)[:, None], axis=1)  # the last column stands already
    weight = _weight(ground.homes.residents[homes])
    fixed, limit_s = [len(homes)], network.setting("siting_s")
    told(2, STAGES, _("正在找最好的地点，并证明没有更好的"))
    if aim == Aim.MOST:
        found = cover_most(there, weight, count=count, fixed=fixed, time_limit_s=limit_s)
    elif aim == Aim.ALL:
        found = cover_all(there, weight, fixed=fixed, time_limit_s=limit_s)
        if len(found.chosen) > SITES_MOST:
            text = _("要全部覆盖至少需要 %(n)s 处，超过一次能放的 %(most)s 处；请改用“让最多的住处走得到”。")
            raise Invalid("too_many_sites", text % {"n": len(found.chosen), "most": SITES_MOST})
    else:
        walk = np.append(metres, before[:, None], axis=1).astype(float)
        found = shorten_walks(
            np.where(np.isfinite(walk), walk, 2 * cap), weight, count=count, fixed=fixed, time_limit_s=limit_s
        )
    chosen = [int(c) for c in found.chosen]
    now = np.isfinite(before) | np.isfinite(metres[:, chosen]).any(axis=1) if chosen else np.isfinite(before)
    spots = tuple((float(ground.homes.lon[homes[c]]), float(ground.homes.lat[homes[c]])) for c in chosen)
    return Sites(
        spots, int(now.sum() - np.isfinite(before).sum()), int(np.isfinite(before).sum()), len(homes), found.proven,
        float(found.gap), len(found.beyond_all),
    )  # fmt: skip


def _weight(residents: np.ndarray) -> np.ndarray:
    """Residents where every home's number is known, else each home counts alike."""
    known = np.isfinite(residents).all() and residents.sum() > 0
    return residents.astype(float) if known else np.ones(len(residents))
