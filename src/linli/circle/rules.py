"""Pure decisions of the service circle: three states, shares, the district's statements.

Three matrices, community by item, are never mixed: reachable (walking), provided (survey), fulfilled (满足度, as the
survey reports it). Each statement names the matrix it was computed from. Missing data is a state, never a no.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Small = NDArray[np.int8]

MISSING, NO, YES, APART = -1, 0, 1, 2  # APART: this matrix does not measure the item at all
STATE_OF = {MISSING: "missing", NO: "no", YES: "yes", APART: "apart"}


class Matrix(StrEnum):
    REACHABLE = "reachable"
    PROVIDED = "provided"
    FULFILLED = "fulfilled"


class Reading(StrEnum):
    """How several items below one row are read as one: every one of them, any of them, or enough of them."""

    ALL = "all"
    ANY = "any"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Statement:
    """`number` of `among`, and how many could not be judged because data is missing (they are not in `among`)."""

    key: str
    matrix: Matrix
    number: int
    among: int
    missing: int

    @property
    def percent(self) -> float | None:
        """100 number / among; None when nothing could be judged."""
        return 100.0 * self.number / self.among if self.among else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The percent if all that is missing were no, and if all were yes."""
        whole = self.among + self.missing
        if not whole:
            return None
        return 100.0 * self.number / whole, 100.0 * (self.number + self.missing) / whole


def shares(reached: NDArray[np.bool_], community: NDArray[np.int32], weight: Float, communities: int) -> Float:
    """Share of the weight of each community's homes that reach each item: (communities, items), nan without homes.

    reached (homes, items); community (homes,) index or -1; weight (homes,), nan where unknown. A community where any
    home's residents are unknown, or where all are zero, counts its homes alike: a guess would be worse.
    """
    inside = community >= 0
    reached, community, weight = reached[inside], community[inside], weight[inside]
    homes = np.bincount(community, minlength=communities)
    known = np.bincount(community, np.isfinite(weight), minlength=communities) == homes
    total = np.bincount(community, np.where(np.isfinite(weight), weight, 0.0), minlength=communities)
    by_weight = known & (total > 0)
    used = np.where(by_weight[community], np.nan_to_num(weight), 1.0)
    share = np.zeros((communities, reached.shape[1]))
    np.add.at(share, community, reached * used[:, None])
    below = np.bincount(community, used, minlength=communities)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below[:, None] > 0, share / below[:, None], np.nan)


def reachable_states(share: Float, complete: NDArray[np.bool_], walked: NDArray[np.bool_], least: float) -> Small:
    """States of (communities, items): enough reach it; too few and the data is complete; otherwise missing.

    `complete` says of each cell that all facilities its homes could walk to are known; `walked` (items,) which items
    are measured by walking at all; `least` is the share from which a community counts as covered.
    """
    enough = share >= least - 1e-9  # nan is never enough
    state = np.where(enough, YES, np.where(complete & np.isfinite(share), NO, MISSING))
    return np.where(walked[None, :], state, APART).astype(np.int8)


def covering_all(state: Small, *, key: str, matrix: Matrix) -> Statement:
    """Items that every community has. One no settles an item, even where others are missing."""
    judged = state[:, (state != APART).any(axis=0)]
    yes, no = np.isin(judged, (YES, APART)).all(axis=0), (judged == NO).any(axis=0)
    return Statement(key, matrix, int(yes.sum()), int((yes | no).sum()), int((~yes & ~no).sum()))


def having_all(state: Small, *, key: str, matrix: Matrix) -> Statement:
    """Communities that have every item."""
    return covering_all(state.T, key=key, matrix=matrix)


def fulfilled_at(percent: Float, least: float, *, key: str) -> Statement:
    """Items fulfilled in at least `least` per cent: the mean of what communities reported, (communities, items)."""
    reported = np.isfinite(percent)
    count = reported.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(reported, percent, 0.0).sum(axis=0) / count
    judged = count > 0
    return Statement(
        key, Matrix.FULFILLED, int((judged & (mean >= least - 1e-9)).sum()), int(judged.sum()), int((~judged).sum())
    )


def provided_states(offer: Small) -> Small:
    """States out of answers: 1 offered is yes; 0 not offered and 2 suspended are no; -1 unanswered is missing."""
    return np.where(offer == 1, YES, np.where(offer < 0, MISSING, NO)).astype(np.int8)


def percent_said(value: float | None) -> str:
    """One decimal, or a dash."""
    return "—" if value is None or not np.isfinite(value) else f"{value:.1f}%"


def all_of(state: Small) -> Small:
    """(C,) out of (C, K): whether a community has every one of some items. A no settles it, then a gap; what is measured
    elsewhere says nothing; of nothing measured there is no answer (APART)."""
    measured = (state != APART).any(axis=1)
    found = np.where((state == NO).any(axis=1), NO, np.where((state == MISSING).any(axis=1), MISSING, YES))
    return np.where(measured, found, APART).astype(np.int8)


def any_of(state: Small) -> Small:
    """(C,) out of (C, K): whether a community has at least one of some items. A yes settles it, then a gap."""
    measured = (state != APART).any(axis=1)
    found = np.where((state == YES).any(axis=1), YES, np.where((state == MISSING).any(axis=1), MISSING, NO))
    return np.where(measured, found, APART).astype(np.int8)


def yes_share(state: Small) -> tuple[Float, Float]:
    """(least, most) of (C,): the share of the measured items that a community has if all gaps were no, and if all were
    yes; nan where nothing is measured. Beside a gap the first is a lower bound and nothing more."""
    measured = (state != APART).sum(axis=1)
    yes, missing = (state == YES).sum(axis=1), (state == MISSING).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = np.where(measured > 0, measured, np.nan)
        return yes / whole, (yes + missing) / whole


def together(state: Small, reading: Reading, least: float) -> Small:
    """(C,) out of (C, K): several items as one. By share: enough are yes; too few even if every gap were a yes; else missing."""
    if reading is Reading.ALL:
        return all_of(state)
    if reading is Reading.ANY:
        return any_of(state)
    low, high = yes_share(state)
    found = np.where(low >= least - 1e-9, YES, np.where(high < least - 1e-9, NO, MISSING))
    return np.where(np.isnan(low), APART, found).astype(np.int8)


def share_together(share: Float, state: Small, reading: Reading) -> Float:
    """(C,) out of (C, K): the share that belongs to `together`: of the item with the fewest homes, with the most, or of
    the items; nan where nothing is known."""
    if reading is Reading.SHARE:
        return np.where(np.isnan(share).all(axis=1), np.nan, yes_share(state)[0])
    worst, best = (
        np.where(np.isnan(share), np.inf, share).min(axis=1),
        np.where(np.isnan(share), -np.inf, share).max(axis=1),
    )
    found = worst if reading is Reading.ALL else best
    return np.where(np.isfinite(found), found, np.nan)
