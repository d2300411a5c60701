"""Runs, their release, saved scenarios. A run is checked before it starts; what it used is kept under its hash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.jobs import actions as jobs
from linli_engines.composite import Problem, Refused, build, check
from linli_engines.composite import Result as EngineResult
from linli_engines.composite import Scenario as EngineScenario

from .. import documents, formulas, permissions, problems, pruning, studies
from ..choices import FrameworkPurpose, FrameworkState, NodeKind, Origin, ResultState
from ..models import Framework, Inputs, Result, Scenario
from ..queries import panels
from ..queries.panels import Assembled, NodeView
from ..queries.results import packed
from ..queries.series import one_calibre, series

KIND = "evaluation.run"
YEARS_MOST = 40


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a run would compute: all checked, nothing written."""

    framework: Framework
    whole: Assembled
    scenario: EngineScenario
    factors: tuple[studies.Factor, ...]
    notes: tuple[Problem, ...]

    @property
    def asked(self) -> documents.Asked:
        assert self.whole.panel is not None and self.whole.tree is not None
        return documents.Asked(self.whole.panel, self.whole.tree, self.scenario)


def prepared(
    *, framework_id: int, years: Iterable[int], document: Any, factors: Any = (), cut: datetime | None = None
) -> Prepared:
    """Everything up to the computation. Raises Missing, Invalid: with every reason the run could not be made."""
    framework = Framework.objects.filter(pk=framework_id).first()
    if framework is None:
        raise Missing("no_such_framework", _("没有这个评价体系。"))
    span = sorted(set(years))
    if not span or len(span) > YEARS_MOST or span[-1] - span[0] >= YEARS_MOST:
        sentence = _("请选一至 %(n)s 年。") % {"n": YEARS_MOST}
        raise Invalid("bad_years", sentence, fields={"years": [sentence]})
    wrong = [y for y in span if y < framework.valid_from or (framework.valid_to is not None and y > framework.valid_to)]
    if wrong:
        sentence = _("这版体系自 %(from)s 年起适用，不能测算 %(years)s 年。") % {
            "from": framework.valid_from, "years": _("、").join(map(str, wrong)),
        }  # fmt: skip
        raise Invalid("not_in_force", sentence, fields={"years": [sentence]})
    nodes = panels.node_views(framework.pk)
    _clean(framework, nodes)
    whole = panels.assembled(nodes, level=framework.level, within=framework.within, years=span, cut=cut)
    if whole.tree is None or whole.panel is None:
        sentence = _("这个体系的指标在所选年份没有任何数据。")
        raise Invalid("no_data", sentence, fields={"years": [sentence]})
    scenario = pruning.fitted(documents.scenario_of(document), whole.tree)
    varied = pruning.fitted_factors(documents.factors_of(list(factors)), whole.tree)
    alone = len(span) == 1 and pruning.over_time(scenario)
    if alone:
        scenario, varied = pruning.of_one_year(scenario), tuple(map(pruning.factor_of_one_year, varied))
    found = check(whole.panel, whole.tree, scenario)
    if alone:
        found.append(Problem("ONE_YEAR", "one year has no other to carry from", stops=False))
    if any(p.stops for p in found):
        raise problems.refusal(Refused([p for p in found if p.stops]), whole.names)
    return Prepared(framework, whole, scenario, varied, tuple(found))


def _clean(framework: Framework, nodes: Sequence[NodeView]) -> None:
    """Public statistics only in the comprehensive index; one calibre in one formula. Raises Invalid."""
    parts = [formulas.terms(f) for n in nodes for f in (n.numerator, n.denominator) if f]
    for formula in parts:
        one_calibre([t.series for t in formula])
    if framework.purpose == FrameworkPurpose.COMPREHENSIVE:
        known = series({t.series for formula in parts for t in formula})
        own = [v.name for v in known.values() if v.origin != Origin.PUBLIC]
        if own:
            raise Invalid(
                "platform_series",
                _("综合评价只用公开统计，不能用本平台的数据：%(names)s。") % {"names": _("、").join(own)},
                fields={"numerator": own},
            )


def ask_for_run(
    *,
    actor: Actor,
    framework_id: int,
    years: Iterable[int],
    name: str = "",
    scenario_id: int = 0,
    document: Mapping[str, Any] | None = None,
    factors: Sequence[Mapping[str, Any]] | None = None,
) -> Result:
    """Check all, then queue the computation. `scenario_id` 0 is the framework's own; `document` and `factors` replace it.

    Raises Forbidden, Missing, Invalid: with every reason the run could not be made.
    """
    permissions.can_work(actor).or_forbidden()
    framework = Framework.objects.filter(pk=framework_id).first()
    if framework is None:
        raise Missing("no_such_framework", _("没有这个评价体系。"))
    base = _chosen(framework, scenario_id)
    said = base.scenario if isinstance(base, Framework) else base.document
    asked = dict(document) if document is not None else dict(said)
    varied = list(factors) if factors is not None else list(base.factors)
    span, now = sorted(set(years)), clock.now()
    ready = prepared(framework_id=framework_id, years=span, document=asked, factors=varied, cut=now)
    _combinations(ready)
    label = _("现场设定") if document is not None else _("体系自带") if isinstance(base, Framework) else base.name
    with transaction.atomic():
        row = Result.objects.create(
            framework=framework, name=name.strip()[:120] or f"{framework.name} {span[0]}-{span[-1]}",
            scenario_name=label[:80], year_from=span[0], year_to=span[-1], cut=now, by=actor.label, at=now,
        )  # fmt: skip
        job = jobs.start(
            KIND,
            actor=actor,
            params={"result": str(row.pk), "years": span, "scenario": asked, "factors": varied},
            return_url=reverse("evaluation:result", args=[row.pk]),
        )
        Result.objects.filter(pk=row.pk).update(job=job.pk)
    row.job = job.pk
    return row


def _chosen(framework: Framework, scenario_id: int) -> Framework | Scenario:
    if not scenario_id:
        return framework
    row = Scenario.objects.filter(pk=scenario_id, framework=framework).first()
    if row is None:
        raise Missing("no_such_scenario", _("没有这个测算方案。"))
    return row


def _combinations(ready: Prepared) -> None:
    """Refuse factors that cannot run, before anything is queued."""
    if not ready.factors:
        return
    try:
        result = _built(ready)
        studies.cloud_of(studies.study_of(result, ready.factors), 2)
    except Refused as refused:
        raise problems.refusal(refused, ready.whole.names, "factors") from refused


def _built(ready: Prepared) -> EngineResult:
    asked = ready.asked
    try:
        return build(asked.panel, asked.tree, asked.scenario)
    except Refused as refused:
        raise problems.refusal(refused, ready.whole.names) from refused


@dataclass(frozen=True, eq=False)
class Computed:
    """What a run found; nothing written yet."""

    ready: Prepared
    result: EngineResult
    summary: dict[str, Any]
    study: str


def compute(ready: Prepared, told: Callable[[int], None] = lambda done: None) -> Computed:
    """Build, replicates, sensitivity; `told` with 1, 2, 3 after each. Raises Invalid."""
    result = _built(ready)
    told(1)
    summary: dict[str, Any] = {}
    digest = ""
    if ready.factors:
        try:
            study = studies.study_of(result, ready.factors)
            cloud = studies.cloud_of(study)
            told(2)
            summary = studies.summary(cloud) | {
                "factors": documents.factors_doc(ready.factors),
                "sensitivity": studies.sensitivity(study, cloud),
            }
            digest = cloud.digest
        except Refused as refused:
            raise problems.refusal(refused, ready.whole.names, "factors") from refused
    told(3)
    return Computed(ready, result, summary, digest)


def carry_out(
    *, actor: Actor, id: UUID | str, years: Sequence[int], document: Any, factors: Any, told: Callable[[int], None]
) -> str:
    """Do a queued run on what was in force when it was asked for. Returns its digest.

    One that is done already is left as it is: its worker died before it could say so. Raises Missing, Invalid (the
    result keeps the reasons), Conflict (ended meanwhile).
    """
    row = _one(id)
    if row.inputs_id is not None:
        return row.inputs_id
    told(0)
    try:
        ready = prepared(framework_id=row.framework_id, years=years, document=document, factors=factors, cut=row.cut)
        told(1)
        found = compute(ready, lambda done: told(done + 1))
    except Invalid as refusal:
        refuse(id=id, refusal=refusal)
        raise
    finish(actor=actor, id=id, found=found)
    return found.result.digest


def finish(*, actor: Actor, id: UUID | str, found: Computed) -> None:
    """Write what a run found. Raises Conflict if somebody ended it meanwhile."""
    ready, digest = found.ready, found.result.digest
    reasons = reasons_of(ready.whole)
    content = packed(ready.asked)
    with transaction.atomic():
        Inputs.objects.get_or_create(pk=digest, defaults={"content": content, "at": clock.now()})
        done = Result.objects.filter(pk=id, state=ResultState.RUNNING).update(
            state=ResultState.DONE,
            inputs_id=digest,
            study=found.study,
            summary=found.summary,
            experimental=bool(reasons),
            absent=list(ready.whole.absent),
            reasons=reasons,
            problems=problems.as_json(found.result.notes, ready.whole.names),
        )
        if not done:
            raise Conflict("not_running", _("这次测算已经结束。"))


def refuse(*, id: UUID | str, refusal: Invalid) -> None:
    """A run that could not be made keeps its reasons."""
    sentences = [s for lines in refusal.fields.values() for s in lines] or [str(refusal.message)]
    kept = [{"code": refusal.code, "text": str(s), "where": [], "stops": True} for s in sentences]
    Result.objects.filter(pk=id, state=ResultState.RUNNING).update(state=ResultState.REFUSED, problems=kept)


def fail(*, id: UUID | str, why: Any) -> None:
    """A run that was stopped or broke keeps the reason: nobody waits for it."""
    with translation.override("zh-hans"):
        kept = [{"code": "not_finished", "text": str(why), "where": [], "stops": True}]
    Result.objects.filter(pk=id, state=ResultState.RUNNING).update(state=ResultState.REFUSED, problems=kept)


def reasons_of(whole: Assembled) -> list[dict[str, Any]]:
    """Why a result is experimental: [{"code", "parts"}]; empty when every part has data and stands on sourced indicators."""
    found: list[dict[str, Any]] = []
    for code, parts in (
        ("part_without_data", whole.empty_parts),
        ("part_not_observed", whole.unseen_parts),
        ("part_provisional", whole.provisional_parts),
    ):
        if parts:
            found.append({"code": code, "parts": list(parts)})
    lone = [n.code for n in whole.nodes if n.kind == NodeKind.INDICATOR and not n.part and n.provenance != "sourced"]
    if lone:
        found.append({"code": "indicator_provisional", "parts": lone})
    return found


def release(*, actor: Actor, id: UUID | str) -> None:
    """Put a finished result out; an experimental one stays marked so. Raises Forbidden, Missing, Conflict."""
    row = _one(id)
    permissions.can_release(actor, row.by).or_forbidden()
    if row.framework.state == FrameworkState.DRAFT:
        raise Conflict("framework_draft", _("体系还是草稿，结果不能发布。"))
    if row.framework.published_at is not None and row.at < row.framework.published_at:
        raise Conflict("computed_on_draft", _("这份结果是体系发布以前按草稿测算的，内容可能不同。请重新测算后再发布。"))
    with transaction.atomic():
        mine = Result.objects.filter(pk=row.pk, state=ResultState.DONE)
        if not mine.update(state=ResultState.RELEASED, released_by=actor.label, released_at=clock.now()):
            raise Conflict("not_done", _("只有测算完、还没有发布的结果可以发布。"))
        record(actor=actor, verb=AuditVerb.OTHER, target=f"evaluation:release:{row.pk}", digest=row.inputs_id)


def withdraw(*, actor: Actor, id: UUID | str, reason: str) -> None:
    """Take a released result back; it stays readable for those who see drafts. Raises Forbidden, Missing, Invalid, Conflict."""
    row = _one(id)
    permissions.can_release(actor, "").or_forbidden()
    if not reason.strip():
        sentence = _("请写明撤回的理由。")
        raise Invalid("reason_missing", sentence, fields={"reason": [sentence]})
    with transaction.atomic():
        if not Result.objects.filter(pk=row.pk, state=ResultState.RELEASED).update(state=ResultState.WITHDRAWN):
            raise Conflict("not_released", _("这份结果没有发布，或者已经撤回。"))
        record(actor=actor, verb=AuditVerb.OTHER, target=f"evaluation:withdraw:{row.pk}", reason=reason.strip()[:200])


def _one(id: UUID | str) -> Result:
    row = Result.objects.select_related("framework").filter(pk=id).first()
    if row is None:
        raise Missing("no_such_result", _("没有这份测算结果，或者还没有发布。"))
    return row


def save_scenario(
    *,
    actor: Actor,
    framework_id: int,
    name: str,
    document: Mapping[str, Any],
    factors: Sequence[Mapping[str, Any]] = (),
    note: str = "",
    scenario_id: int = 0,
    version: int = 0,
) -> Scenario:
    """Keep a way to compute under a name, or change one (`version` as it was read).

    Raises Forbidden, Missing, Invalid (not understood, name missing), Conflict (name taken, changed meanwhile).
    """
    permissions.can_work(actor).or_forbidden()
    if not Framework.objects.filter(pk=framework_id).exists():
        raise Missing("no_such_framework", _("没有这个评价体系。"))
    if not name.strip():
        sentence = _("请给方案起个名字。")
        raise Invalid("name_missing", sentence, fields={"name": [sentence]})
    tidy = documents.scenario_doc(replace(documents.scenario_of(document), name=""))
    varied = documents.factors_doc(documents.factors_of(list(factors)))
    now, values = (
        clock.now(),
        {"name": name.strip()[:80], "note": note.strip()[:400], "document": tidy, "factors": varied},
    )
    try:
        with transaction.atomic():
            if not scenario_id:
                return Scenario.objects.create(framework_id=framework_id, by=actor.label, at=now, **values)
            mine = Scenario.objects.filter(pk=scenario_id, framework_id=framework_id, version=version)
            if not mine.update(**values, by=actor.label, at=now, version=version + 1):
                raise Conflict("changed_meanwhile", _("这个方案刚才有人改过，请重新打开。"))
    except IntegrityError as error:
        raise Conflict("name_taken", _("已有同名的方案。")) from error
    return Scenario.objects.get(pk=scenario_id)


def drop_scenario(*, actor: Actor, scenario_id: int) -> None:
    """Let a saved scenario go; results made with it keep what they used. Raises Forbidden, Missing."""
    permissions.can_work(actor).or_forbidden()
    if not Scenario.objects.filter(pk=scenario_id).delete()[0]:
        raise Missing("no_such_scenario", _("没有这个测算方案。"))
