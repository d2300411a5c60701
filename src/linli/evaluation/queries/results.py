"""Results as they are read: computed anew from their inputs, compared with their hash, kept by each process for a while."""

from __future__ import annotations

import json
import logging
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Conflict, Missing
from linli_engines.composite import Result as EngineResult
from linli_engines.composite import build
from linli_engines.composite.digest import METHOD

from .. import documents, permissions, problems
from ..choices import NodeKind, ResultState
from ..models import Framework, Inputs, Result, Scenario
from .panels import NodeView, node_views
from .units import UnitView, unit_names

log = logging.getLogger("linli.evaluation")
KEPT = 12
START = 6
"""Characters with which a hash may be named."""
SHORT = 12
"""Characters of a hash that are printed beside a figure."""


class HashBroken(Exception):
    """Inputs no longer give the hash they are kept under: somebody changed the table, or the method's version differs."""


@dataclass(frozen=True, slots=True)
class ResultView:
    """A result in a list. `ranked`: it carries a headline rank (it is not experimental)."""

    id: UUID
    name: str
    framework_id: int
    framework: str
    framework_en: str
    edition: int
    purpose: str
    level: str
    scenario: str
    year_from: int
    year_to: int
    cut: datetime
    state: str
    digest: str
    study: str
    experimental: bool
    absent: tuple[str, ...]
    reasons: tuple[dict[str, Any], ...]
    problems: tuple[problems.Told, ...]
    job: UUID | None
    by: str
    at: datetime
    released_by: str
    released_at: datetime | None

    @property
    def short(self) -> str:
        """What is printed beside each figure."""
        return self.digest[:SHORT]

    @property
    def ranked(self) -> bool:
        return not self.experimental

    @property
    def state_name(self) -> str:
        return str(ResultState(self.state).label)


@dataclass(frozen=True, eq=False)
class Opened:
    """A result with everything that explains it. `summary`: {} or studies.summary with "sensitivity" in it."""

    row: ResultView
    result: EngineResult
    summary: dict[str, Any]
    nodes: tuple[NodeView, ...]
    units: dict[str, UnitView]

    @property
    def node(self) -> dict[str, NodeView]:
        return {n.code: n for n in self.nodes}

    @property
    def parts(self) -> tuple[NodeView, ...]:
        """The parts in their order, those without data too."""
        return tuple(n for n in self.nodes if n.kind == NodeKind.PART)

    @property
    def years(self) -> tuple[int, ...]:
        return self.result.panel.years


def _view(row: Result) -> ResultView:
    f = row.framework
    return ResultView(
        row.pk, row.name, f.pk, f.name, f.name_en, f.edition, f.purpose, f.level, row.scenario_name, row.year_from,
        row.year_to, row.cut, row.state, row.inputs_id or "", row.study, row.experimental, tuple(row.absent),
        tuple(row.reasons), tuple(problems.from_json(row.problems)), row.job, row.by, row.at, row.released_by,
        row.released_at,
    )  # fmt: skip


def results(actor: Actor, *, framework_id: int | None = None) -> list[ResultView]:
    """The newest first: all of them for those who see drafts, else what is released."""
    permissions.can_read(actor).or_forbidden()
    rows = Result.objects.select_related("framework").defer("summary").order_by("-at", "-pk")
    if framework_id is not None:
        rows = rows.filter(framework_id=framework_id)
    if not permissions.can_see_drafts(actor):
        rows = rows.filter(state=ResultState.RELEASED)
    return [_view(row) for row in rows]


def _row(actor: Actor, id: UUID | str) -> Result:
    """Raises Missing: not there, or not released and the actor does not see drafts."""
    permissions.can_read(actor).or_forbidden()
    try:
        row = Result.objects.select_related("framework").filter(pk=id).first()
    except (ValueError, ValidationError):
        row = None
    if row is None or (row.state != ResultState.RELEASED and not permissions.can_see_drafts(actor)):
        raise Missing("no_such_result", _("没有这份测算结果，或者还没有发布。"))
    return row


def result(actor: Actor, id: UUID | str) -> ResultView:
    """One result. Raises Missing."""
    return _view(_row(actor, id))


def opened(actor: Actor, id: UUID | str) -> Opened:
    """One finished result with its numbers. Raises Missing (not there, not finished), Conflict (result_broken: its inputs
    were changed, or this version computes otherwise; no number of it is shown).
    """
    row = _row(actor, id)
    if row.inputs_id is None:
        raise Missing("not_computed", _("这份结果还没有测算完。"))
    try:
        engine = computed(row.inputs_id)
    except HashBroken as broken:
        log.error("a result no longer gives its hash", extra={"result": str(row.pk)})
        raise Conflict(
            "result_broken", _("这份结果和它的结果码对不上：数据被改动过，或者程序换了版本。请不要使用，告诉管理员。")
        ) from broken
    nodes = node_views(row.framework_id)
    codes = [*engine.panel.units, *(u for r in row.reasons for u in r.get("units", []))]
    return Opened(_view(row), engine, dict(row.summary), nodes, unit_names(codes))


def latest_released(actor: Actor, *, purpose: str = "") -> ResultView | None:
    """What was released last, of a purpose or of any."""
    found = [r for r in results(actor) if r.state == ResultState.RELEASED and purpose in ("", r.purpose)]
    return max(found, key=lambda r: (r.year_to, r.released_at or r.at), default=None)


# --- inputs under their hash ----------------------------------------------------------------------------------


def packed(asked: documents.Asked) -> bytes:
    """What a result is made of, as it is kept."""
    body = {"method": METHOD, **documents.asked_doc(asked)}
    return zlib.compress(json.dumps(body, ensure_ascii=False, sort_keys=True, allow_nan=False).encode(), 6)


def unpacked(content: bytes) -> documents.Asked:
    return documents.asked_from(json.loads(zlib.decompress(content)))


_memory: OrderedDict[str, EngineResult] = OrderedDict()
_lock = threading.Lock()


def computed(digest: str) -> EngineResult:
    """The engine's result of the inputs under a hash. Raises Missing, HashBroken."""
    with _lock:
        if digest in _memory:
            _memory.move_to_end(digest)
            return _memory[digest]
    found = recomputed(digest)
    with _lock:
        _memory[digest] = found
        while len(_memory) > KEPT:
            _memory.popitem(last=False)
    return found


def recomputed(digest: str) -> EngineResult:
    """As `computed`, from the table and nothing else."""
    content = Inputs.objects.filter(pk=digest).values_list("content", flat=True).first()
    if content is None:
        raise Missing("no_such_hash", _("没有这个结果码。"))
    asked = unpacked(bytes(content))
    found = build(asked.panel, asked.tree, asked.scenario)
    if found.digest != digest:
        raise HashBroken(digest, found.digest)
    return found


def digests(start: str) -> list[str]:
    """Hashes that begin so (at least START characters)."""
    return (
        sorted(Inputs.objects.filter(pk__startswith=start).values_list("pk", flat=True)[:20])
        if len(start) >= START
        else []
    )


def of_digest(actor: Actor, digest: str) -> list[ResultView]:
    """The results that have this hash and that the actor may see."""
    return [r for r in results(actor) if r.digest == digest]


# --- scenarios ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScenarioView:
    """A way to compute a framework; id 0: the one written in it."""

    id: int
    name: str
    note: str
    document: dict[str, Any]
    factors: list[dict[str, Any]]
    by: str
    version: int


def scenarios(actor: Actor, framework_id: int) -> list[ScenarioView]:
    """The framework's own first, then those saved beside it."""
    permissions.can_read(actor).or_forbidden()
    framework = Framework.objects.filter(pk=framework_id).first()
    if framework is None:
        raise Missing("no_such_framework", _("没有这个评价体系。"))
    own = ScenarioView(
        0, _("体系自带"), "", framework.scenario, framework.factors, framework.made_by, framework.version
    )
    return [own, *(_scenario(row) for row in Scenario.objects.filter(framework_id=framework_id).order_by("name"))]


def _scenario(row: Scenario) -> ScenarioView:
    return ScenarioView(row.pk, row.name, row.note, row.document, row.factors, row.by, row.version)
