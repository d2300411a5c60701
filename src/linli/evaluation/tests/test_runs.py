"""From observations to a result: checked before it starts, kept under its hash, honest about what is absent."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.evaluation.actions import results as write
from linli.evaluation.choices import FrameworkState
from linli.evaluation.models import Framework, FrameworkNode, Inputs, Observation, Result, Series
from linli.evaluation.queries import panels
from linli.evaluation.queries import results as read
from linli.jobs import runner
from linli.jobs.models import Job
from linli.testing.fixtures import Cast

from .conftest import CODES, delivery

pytestmark = pytest.mark.django_db(transaction=True)
YEARS = (2021, 2022, 2023)


def run(framework: Framework, actor: object = SYSTEM, **asked: object) -> Result:
    """Ask for a run and carry its job out; the result as it then stands."""
    row = write.ask_for_run(actor=actor, framework_id=framework.pk, years=YEARS, **asked)  # type: ignore[arg-type]
    job = Job.objects.get(pk=row.job)
    runner.run_job.call(str(job.pk))
    row.refresh_from_db()
    return row


def test_a_run_says_what_is_absent_and_can_be_computed_again(make_framework: Callable[..., Framework]) -> None:
    row = run(make_framework())
    assert (row.state, row.experimental, row.absent) == ("done", True, ["A1"])
    assert row.reasons == [{"code": "part_without_data", "parts": ["A"]}]
    found = read.opened(SYSTEM, row.pk)
    assert found.result.panel.units == CODES
    beds = found.result.denominated[0, 0, found.result.framework.leaves.index("B1")]
    assert beds == pytest.approx(126_000 / 21_890)
    assert found.row.digest == found.result.digest == read.recomputed(found.row.digest).digest
    assert len(found.summary["units"]) == 6
    assert found.summary["sensitivity"]["factors"] == ["合成", "权重"]
    assert all(low <= high for low, high in zip(found.summary["low"], found.summary["high"], strict=True))


def test_equal_questions_share_their_inputs(make_framework: Callable[..., Framework]) -> None:
    framework = make_framework()
    first, second = run(framework), run(framework)
    assert first.pk != second.pk
    assert first.inputs_id == second.inputs_id
    assert first.study == second.study
    assert first.summary == second.summary
    assert Inputs.objects.count() == 1


def test_inputs_that_were_changed_no_longer_give_their_hash(make_framework: Callable[..., Framework]) -> None:
    row = run(make_framework())
    inputs = row.inputs
    assert inputs is not None
    content = zlib.decompress(bytes(inputs.content)).replace(b'"years": [2021', b'"years": [2020')
    Inputs.objects.filter(pk=inputs.pk).update(content=zlib.compress(content))
    with pytest.raises(read.HashBroken):
        read.recomputed(inputs.pk)


def test_what_comes_later_does_not_change_a_result(
    make_framework: Callable[..., Framework], nation: dict[str, Series]
) -> None:
    framework = make_framework()
    row = run(framework)
    later = delivery(date(2026, 1, 1), row.cut + timedelta(days=1))
    Observation.objects.create(delivery=later, series=nation["income"], unit="110000", year=2023, value=1.0)
    nodes = panels.node_views(framework.pk)
    then = panels.assembled(nodes, level="province", years=YEARS, cut=row.cut)
    now = panels.assembled(nodes, level="province", years=YEARS)
    assert then.panel is not None
    assert now.panel is not None
    assert then.panel.digest == read.opened(SYSTEM, row.pk).result.panel.digest
    assert now.panel.digest != then.panel.digest
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(now.panel.values, then.panel.values)


def test_a_missing_part_of_a_sum_is_missing_not_zero(
    make_framework: Callable[..., Framework], nation: dict[str, Series]
) -> None:
    framework = make_framework()
    FrameworkNode.objects.filter(framework=framework, code="B1").update(numerator="beds + clinics")
    Series.objects.create(
        code="clinics", concept="clinics", name="c", symbol="张", origin="public", provenance="sourced"
    )
    brought = delivery()
    Observation.objects.bulk_create(
        Observation(delivery=brought, series=Series.objects.get(code="clinics"), unit=u, year=y, value=1000.0)
        for u in CODES[1:]
        for y in YEARS
    )
    whole = panels.assembled(panels.node_views(framework.pk), level="province", years=YEARS)
    assert whole.panel is not None
    assert np.isnan(whole.panel.column("B1")[:, 0]).all()
    assert not np.isnan(whole.panel.column("B1")[:, 1:]).any()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"aggregate": {"default": "geometric"}, "normalise": {"method": "minmax"}}, "not_positive_by_design"),
        ({"normalise": {"method": "goalposts"}}, "goalposts_missing"),
        ({"impute": [{"method": "group_mean", "group": "climate"}]}, "group_unknown"),
        ({"normalise": {"base": 1999}}, "base_year"),
        ({"aggregate": {"default": "sum"}}, "aggregate_unknown"),
        ({"weigh": {"at": {"C": {"kind": "manual", "weights": {"C1": 50, "C2": 49}, "total": 100}}}}, "weight_sum"),
        ({"nonsense": 1}, "bad_scenario"),
    ],
)
def test_an_impossible_scenario_is_refused_before_it_runs(
    make_framework: Callable[..., Framework], document: dict[str, object], code: str
) -> None:
    framework = make_framework()
    with pytest.raises(Invalid) as refusal:
        write.ask_for_run(actor=SYSTEM, framework_id=framework.pk, years=YEARS, document=document, factors=[])
    assert refusal.value.code == code
    assert refusal.value.fields
    assert not Result.objects.exists()
    assert not Job.objects.exists()


def test_factors_that_cannot_run_are_refused_before_they_run(make_framework: Callable[..., Framework]) -> None:
    framework = make_framework()
    factors = [{"kind": "choice", "name": "n", "options": [{"label": "x", "patch": {"normalise.method": "nope"}}]}]
    with pytest.raises(Invalid):
        write.ask_for_run(actor=SYSTEM, framework_id=framework.pk, years=YEARS, factors=[*factors, factors[0]])
    noise = {"kind": "noise", "name": "n", "size": 3.0}
    with pytest.raises(Invalid) as refusal:
        write.ask_for_run(actor=SYSTEM, framework_id=framework.pk, years=YEARS, factors=[noise])
    assert "factors" in refusal.value.fields
    assert not Result.objects.exists()


def test_the_platforms_own_figures_never_enter_the_comprehensive_index(
    make_framework: Callable[..., Framework], nation: dict[str, Series]
) -> None:
    framework = make_framework()
    Series.objects.filter(code="income").update(origin="platform")
    with pytest.raises(Invalid, match="platform_series"):
        write.ask_for_run(actor=SYSTEM, framework_id=framework.pk, years=YEARS)
    Framework.objects.filter(pk=framework.pk).update(purpose="district")
    assert write.ask_for_run(actor=SYSTEM, framework_id=framework.pk, years=YEARS).pk


def test_two_calibres_in_one_formula_are_refused(
    make_framework: Callable[..., Framework], nation: dict[str, Series]
) -> None:
    Series.objects.create(
        code="people_census", concept="people", calibre="census", name="人口", symbol="万人", origin="public",
        provenance="sourced",
    )  # fmt: skip
    framework = make_framework()
    FrameworkNode.objects.filter(framework=framework, code="B1").update(denominator="people + people_census")
    with pytest.raises(Invalid, match="calibres_mixed"):
        write.ask_for_run(actor=SYSTEM, framework_id=framework.pk, years=YEARS)


def test_years_and_data_are_asked_for(make_framework: Callable[..., Framework]) -> None:
    framework = make_framework(valid_from=2020)
    for years, code in (((), "bad_years"), ((2019, 2021), "not_in_force"), ((2026,), "no_data")):
        with pytest.raises(Invalid) as refusal:
            write.ask_for_run(actor=SYSTEM, framework_id=framework.pk, years=years)
        assert refusal.value.code == code


def test_who_computes_does_not_release(make_framework: Callable[..., Framework], district: Cast) -> None:
    framework = make_framework()
    analyst, chief, operator = (district.actor(name) for name in ("analyst", "chief", "operator"))
    with pytest.raises(Forbidden):
        write.ask_for_run(actor=operator, framework_id=framework.pk, years=YEARS)
    row = run(framework, analyst)
    assert read.results(operator) == []
    with pytest.raises(Missing):
        read.opened(operator, row.pk)
    with pytest.raises(Forbidden):
        write.release(actor=analyst, id=row.pk)
    write.release(actor=chief, id=row.pk)
    assert [r.id for r in read.results(operator)] == [row.pk]
    assert read.opened(operator, row.pk).row.ranked is False
    with pytest.raises(Conflict):
        write.release(actor=chief, id=row.pk)
    with pytest.raises(Invalid, match="reason_missing"):
        write.withdraw(actor=chief, id=row.pk, reason=" ")
    write.withdraw(actor=chief, id=row.pk, reason="数据有误")
    assert read.results(operator) == []


def test_an_administrator_does_not_release_what_they_computed(
    make_framework: Callable[..., Framework], district: Cast
) -> None:
    administrator = district.actor("administrator")
    row = run(make_framework(), administrator)
    with pytest.raises(Forbidden, match="own_result"):
        write.release(actor=administrator, id=row.pk)


def test_a_draft_can_be_tried_but_not_released(make_framework: Callable[..., Framework], district: Cast) -> None:
    row = run(make_framework(state=FrameworkState.DRAFT), district.actor("analyst"))
    with pytest.raises(Conflict, match="framework_draft"):
        write.release(actor=district.actor("chief"), id=row.pk)


def test_scenarios_are_kept_by_name_and_swapped_by_version(make_framework: Callable[..., Framework]) -> None:
    framework = make_framework()
    kept = write.save_scenario(actor=SYSTEM, framework_id=framework.pk, name="几何", document={})
    with pytest.raises(Conflict, match="name_taken"):
        write.save_scenario(actor=SYSTEM, framework_id=framework.pk, name="几何", document={})
    changed = {"framework_id": framework.pk, "name": "几何二", "document": {}, "scenario_id": kept.pk, "version": 1}
    assert write.save_scenario(actor=SYSTEM, **changed).version == 2  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="changed_meanwhile"):
        write.save_scenario(actor=SYSTEM, **changed)  # type: ignore[arg-type]
    assert [s.name for s in read.scenarios(SYSTEM, framework.pk)] == ["体系自带", "几何二"]
    assert run(framework, scenario_id=kept.pk).scenario_name == "几何二"


def test_intervals_of_scores_keep_to_one_scale(make_framework: Callable[..., Framework]) -> None:
    """A z-score of 60 and a min-max value of 60 are not the same: the interval holds the nominal scale alone."""
    normalise = {
        "kind": "choice", "name": "标准化", "options": [
            {"label": "极差", "patch": {}}, {"label": "标准分", "patch": {"normalise": {"method": "zscore", "base": "pooled", "scale": [1000, 1]}}},
        ],
    }  # fmt: skip
    noise = {"kind": "noise", "name": "权重", "size": 0.25}
    found = read.opened(SYSTEM, run(make_framework(factors=[normalise, noise])).pk).summary
    assert 3_500 < found["same_scale"] < 4_700
    assert max(found["score_high"]) <= 100
    with_others = read.opened(SYSTEM, run(make_framework(factors=[noise])).pk).summary
    assert with_others["same_scale"] == with_others["replicates"]
