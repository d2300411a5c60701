"""One community on a sheet of paper: its classes in the three matrices, what it lacks, why something is not known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.canonical import canonical
from linli.core.errors import Missing
from linli.territory import queries as territory

from .. import permissions, revision
from ..choices import CatalogueKind, Depth
from ..rules import MISSING, NO, YES, Matrix
from . import catalogue as catalogues
from . import coverage as covers
from . import records, surveys
from .catalogue import ItemView
from .coverage import Coverage
from .homes import network
from .records import CommunityRecord


@dataclass(frozen=True, slots=True)
class Counts:
    """Sub-items of one class in one matrix: yes, no, missing, not measured; `mean` of 满足度, per cent."""

    yes: int
    no: int
    missing: int
    apart: int
    mean: float | None = None

    @property
    def measured(self) -> int:
        return self.yes + self.no + self.missing

    @property
    def share(self) -> float | None:
        """Per cent that are yes; a lower bound where some are missing. At least nothing is not worth a number."""
        return 100.0 * self.yes / self.measured if self.measured and (self.yes or not self.missing) else None


@dataclass(frozen=True, slots=True)
class ClassLine:
    item: ItemView
    below: int
    walked: Counts | None
    provided: Counts | None
    fulfilled: Counts | None


@dataclass(frozen=True)
class CommunitySheet:
    """`lacking`: names of what it does not have, by matrix; `gaps`: sentences why something is not known;
    `digest` names everything the sheet was computed from."""

    record: CommunityRecord
    subdistrict: str
    on: date
    walked: Coverage | None
    living: Coverage | None
    survey: Coverage | None
    classes: tuple[ClassLine, ...]
    tiers: tuple[ClassLine, ...]
    lacking: dict[str, tuple[str, ...]]
    gaps: tuple[str, ...]
    homes: int
    digest: str


def community_sheet(*, actor: Actor, code: str, on: date) -> CommunitySheet:
    """Everything known of a community on a day. A matrix that cannot be computed is left out, and it is said.

    Raises Forbidden; Missing for what is no community.
    """
    permissions.can_read(actor).or_forbidden()
    record = records.record_of(actor=actor, code=code)
    gaps: list[str] = []
    walked, living = _walking(actor, on, CatalogueKind.SERVICES, gaps), _walking(actor, on, CatalogueKind.LIVING, [])
    provided = _of_survey(actor, on, Matrix.PROVIDED, code, gaps)
    fulfilled = _of_survey(actor, on, Matrix.FULFILLED, code, [])
    lacking = {m.matrix.value: _named(m, code, NO) for m in (walked, provided) if m is not None and _named(m, code, NO)}
    homes = int(walked.homes[walked.communities.index(code)]) if walked is not None else 0
    if walked is not None:
        gaps += _why(walked, code, homes)
    said = (code, str(on), revision.current()[1], _survey_stamp(provided), _network_digest())
    return CommunitySheet(
        record, territory.division_name(code[:9]), on, walked, living, provided,
        _lines(code, walked, provided, fulfilled), _lines(code, living, None, None),
        lacking, tuple(gaps), homes, hashlib.sha256(canonical(list(said)).encode()).hexdigest(),
    )  # fmt: skip


def _walking(actor: Actor, on: date, kind: str, gaps: list[str]) -> Coverage | None:
    try:
        wanted = catalogues.catalogue_in_force(kind, on).id
        return covers.coverage(actor=actor, matrix=Matrix.REACHABLE, on=on, catalogue_id=wanted)
    except Missing as why:
        gaps.append(str(why.message))
        return None


def _of_survey(actor: Actor, on: date, matrix: Matrix, code: str, gaps: list[str]) -> Coverage | None:
    try:
        found = covers.coverage(actor=actor, matrix=matrix, on=on)
    except Missing as why:
        gaps.append(str(why.message))
        return None
    if code not in found.communities:
        gaps.append(_("这个社区不在调查“%(name)s”里。") % {"name": found.survey.name if found.survey else ""})
        return None
    line = found.communities.index(code)
    open_items = int((~found.known[line]).sum())
    if open_items:
        gaps.append(_("调查还有 %(n)s 个小类没有填报。") % {"n": open_items})
    return found


def _why(walked: Coverage, code: str, homes: int) -> list[str]:
    if not homes:
        return [covers.why_no_homes(code)]
    n = len(_named(walked, code, MISSING))
    return [_("%(n)s 个小类走不到，但周边的这类设施还没有查全，不能说没有。") % {"n": n}] if n else []


def _named(of: Coverage, code: str, state: int) -> tuple[str, ...]:
    row = of.state[of.communities.index(code)]
    return tuple(i.title for i, s in zip(of.items, row.tolist(), strict=True) if s == state)


def _lines(
    code: str, walked: Coverage | None, provided: Coverage | None, fulfilled: Coverage | None
) -> tuple[ClassLine, ...]:
    of = walked or provided
    if of is None:
        return ()
    leaves = catalogues.leaf_items(of.catalogue)
    below: dict[str, set[str]] = {}
    for leaf in leaves:
        below.setdefault(covers.lineage(of.catalogue, leaf)[-1], set()).add(leaf.code)
    return tuple(
        ClassLine(c, len(below[c.code]), *(_counts(m, code, below[c.code]) for m in (walked, provided, fulfilled)))
        for c in of.catalogue.items
        if c.depth == Depth.CLASS and c.code in below
    )


def _counts(of: Coverage | None, code: str, leaves: Iterable[str]) -> Counts | None:
    if of is None or code not in of.communities:
        return None
    wanted = set(leaves)
    columns = [k for k, i in enumerate(of.items) if i.code in wanted]
    row = of.communities.index(code)
    state, value = of.state[row, columns], of.value[row, columns]
    mean = float(np.nanmean(value)) if of.matrix is Matrix.FULFILLED and np.isfinite(value).any() else None
    yes, no, missing = (int((state == s).sum()) for s in (YES, NO, MISSING))
    return Counts(yes, no, missing, len(wanted) - len(columns), mean)


def _survey_stamp(of: Coverage | None) -> list[Any]:
    return [of.survey.pk, *surveys.stamp(of.survey.pk)] if of is not None and of.survey is not None else []


def _network_digest() -> str:
    found = network()
    return found.digest if found else ""
