"""Experts: an answer is its author's alone until the end; what is handed in stands; what is inconsistent is accepted or not used."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection, connections

from linli.core import clock
from linli.core.actor import Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from linli.evaluation import documents, opinions, trees
from linli.evaluation.actions import experts as run
from linli.evaluation.models import Answer, Framework, Invitation, Scenario
from linli.evaluation.queries import experts as read
from linli.evaluation.queries import frameworks, panels
from linli.vault import slips
from linli_engines.composite import Ahp, Budget, Choice, Noise, Study

pytestmark = pytest.mark.django_db

ANALYST = Actor("person", 1, "分析员", (Post(1, "analyst", "110102"),))
AUDITOR = Actor("person", 2, "审计员", (Post(2, "auditor", "110102"),))
PLANNER = Actor("person", 3, "规划员", (Post(3, "planner", "110102"),))
FIRST, SECOND, THIRD = (0, 1), (0, 2), (1, 2)


@pytest.fixture
def framework(make_framework: Callable[..., Framework]) -> Framework:
    return make_framework()


def asked(framework: Framework, kind: str = "budget", **more: object) -> run.Asked:
    return run.Asked(**{"framework_id": framework.pk, "title": "权重咨询", "kind": kind, "nodes": ("index",)} | more)  # type: ignore[arg-type]


def opened(framework: Framework, kind: str = "budget", seats: int = 2, **more: object) -> tuple[int, list[str]]:
    made = run.create(actor=ANALYST, asked=asked(framework, kind, **more))
    codes = [code for _seat, code in run.add_seats(actor=ANALYST, questionnaire_id=made, count=seats)]
    run.open_questionnaire(actor=ANALYST, questionnaire_id=made)
    return made, codes


def spend(code: str, a: float, b: float, c: float) -> None:
    run.save_points(code=code, node="index", points={"A": a, "B": b, "C": c})


def test_a_questionnaire_asks_about_nodes_that_can_be_weighed(framework: Framework) -> None:
    for more, code in (
        ({"title": " "}, "bad_title"), ({"kind": "vote"}, "bad_kind"), ({"nodes": ()}, "bad_nodes"),
        ({"nodes": ("A",)}, "bad_nodes"), ({"nodes": ("nobody",)}, "bad_nodes"),
        ({"closes_on": clock.today() - timedelta(1)}, "closes_in_the_past"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            run.create(actor=ANALYST, asked=asked(framework, **more))
        assert refused.value.code == code
    Framework.objects.filter(pk=framework.pk).update(state="draft")
    with pytest.raises(Conflict):
        run.create(actor=ANALYST, asked=asked(framework))
    for actor in (AUDITOR, PLANNER):
        with pytest.raises(Forbidden):
            run.create(actor=actor, asked=asked(framework))


def test_codes_are_kept_as_marks_and_open_nothing_before_the_start(framework: Framework) -> None:
    made = run.create(actor=ANALYST, asked=asked(framework))
    (seat, code), _other = run.add_seats(actor=ANALYST, questionnaire_id=made, count=2)
    row = Invitation.objects.get(questionnaire=made, seat=seat)
    assert code not in row.mark and row.mark == slips.mark(code)
    for tried in (code, slips.new_code(), ""):
        with pytest.raises(Missing) as refused:
            read.behind(tried)
        assert refused.value.code == "code_unusable"
    run.open_questionnaire(actor=ANALYST, questionnaire_id=made)
    assert read.behind(code).seat == seat == 1
    with pytest.raises(Invalid):
        run.add_seats(actor=ANALYST, questionnaire_id=made, count=run.SEATS_MOST)


def test_one_saves_comes_back_hands_in_and_changes_nothing_more(framework: Framework) -> None:
    _made, (code, other) = opened(framework)
    spend(code, 50, 30, 19)
    assert read.behind(code).said["index"].points == {"A": 50, "B": 30, "C": 19}
    with pytest.raises(Invalid) as refused:
        run.submit(code=code)
    assert refused.value.code == "incomplete" and "1 分" in str(refused.value.fields)
    spend(code, 50, 30, 20)
    run.submit(code=code)
    for again in (lambda: spend(code, 20, 40, 40), lambda: run.submit(code=code)):
        with pytest.raises(Conflict) as late:
            again()
        assert late.value.code == "handed_in"
    desk = read.behind(code)
    assert desk.submitted and desk.said["index"].points == {"A": 50, "B": 30, "C": 20} and not desk.may_write
    assert read.behind(other).said == {}


def test_points_that_are_none_are_refused(framework: Framework) -> None:
    _made, (code, _other) = opened(framework)
    for points in ({"A": -1.0}, {"A": 101.0}, {"X": 10.0}, {"A": float("nan")}):
        with pytest.raises(Invalid):
            run.save_points(code=code, node="index", points=points)
    with pytest.raises(Invalid):
        run.save_points(code=code, node="B", points={"B1": 100.0})
    with pytest.raises(Invalid):
        run.save_comparisons(code=code, node="index", said={FIRST: 3.0})
    assert not Answer.objects.exists()


def test_nobody_sees_an_answer_before_the_end(framework: Framework) -> None:
    made, (code, other) = opened(framework)
    spend(code, 50, 30, 20)
    run.submit(code=code)
    for actor in (ANALYST, AUDITOR):
        with pytest.raises(Conflict) as refused:
            read.results(actor=actor, questionnaire_id=made)
        assert refused.value.code == "still_open"
    view = read.questionnaire(actor=ANALYST, questionnaire_id=made)
    assert (view.seats, view.started, view.submitted, view.missing) == (2, 1, 1, 1)
    shown = repr((view, read.seats(actor=ANALYST, questionnaire_id=made), read.questionnaires(actor=AUDITOR)))
    figures = re.sub(r"datetime\.datetime\([^)]*\)", "", shown)  # the moment of the test is no answer
    assert not re.search(r"\b50\b", figures) and code not in shown
    with pytest.raises(Conflict):
        run.adopt(actor=ANALYST, questionnaire_id=made, name="早了")
    with pytest.raises(Forbidden):
        read.questionnaires(actor=PLANNER)
    assert read.behind(other).said == {}


def test_only_what_was_handed_in_counts(framework: Framework) -> None:
    made, (one, two, three) = opened(framework, seats=3)
    spend(one, 60, 20, 20)
    run.submit(code=one)
    spend(two, 40, 40, 20)
    run.submit(code=two)
    spend(three, 0, 0, 100)
    run.close_questionnaire(actor=ANALYST, questionnaire_id=made)
    (found,) = read.results(actor=AUDITOR, questionnaire_id=made)
    assert [o.seat for o in found.opinions] == [1, 2]
    assert found.shares == pytest.approx((0.5, 0.3, 0.2))
    assert (found.spread[0].low, found.spread[0].high) == (0.4, 0.6)
    assert found.spread[0].deviation == pytest.approx(0.1414, abs=1e-3) and sum(found.spread[0].histogram) == 2
    assert not read.behind(three).may_write
    with pytest.raises(Conflict):
        spend(three, 20, 40, 40)
    with pytest.raises(Conflict):
        run.open_questionnaire(actor=ANALYST, questionnaire_id=made)


def test_after_the_last_day_nothing_comes_in(framework: Framework, monkeypatch: pytest.MonkeyPatch) -> None:
    _made, (code, _other) = opened(framework, closes_on=clock.today())
    spend(code, 50, 30, 20)
    tomorrow = clock.today() + timedelta(1)
    monkeypatch.setattr(clock, "today", lambda: tomorrow)
    for late in (lambda: spend(code, 20, 40, 40), lambda: run.submit(code=code)):
        with pytest.raises(Conflict):
            late()
    assert not read.behind(code).may_write


def test_a_lost_letter_is_revoked_with_what_it_said(framework: Framework) -> None:
    made, (code, other) = opened(framework)
    spend(code, 50, 30, 20)
    run.revoke_seat(actor=ANALYST, questionnaire_id=made, seat=1)
    with pytest.raises(Missing):
        read.behind(code)
    with pytest.raises(Missing):
        spend(code, 50, 30, 20)
    assert not Answer.objects.exists()
    spend(other, 50, 30, 20)
    run.submit(code=other)
    with pytest.raises(Conflict):
        run.revoke_seat(actor=ANALYST, questionnaire_id=made, seat=2)
    assert run.add_seats(actor=ANALYST, questionnaire_id=made, count=1)[0][0] == 3


def test_inconsistent_comparisons_are_shown_and_accepted_explicitly(framework: Framework) -> None:
    _made, (code, _other) = opened(framework, "ahp")
    circle = {FIRST: 5.0, THIRD: 5.0, SECOND: 1 / 5}
    run.save_comparisons(code=code, node="index", said={FIRST: 5.0})
    assert "没比较" in _lacks(code)
    run.save_comparisons(code=code, node="index", said=circle)
    assert (read.behind(code).said["index"].ratio or 0) > 0.1 and "CR" in _lacks(code)
    worst = opinions.judged(opinions.matrix_of(3, circle)).worst
    assert worst in (FIRST, SECOND, THIRD)
    run.save_comparisons(code=code, node="index", said=circle, accepted=True)
    run.submit(code=code)
    with pytest.raises(Invalid):
        run.save_comparisons(code=_other, node="index", said={FIRST: 2.5})
    with pytest.raises(Invalid):
        run.save_comparisons(code=_other, node="index", said={FIRST: -3.0})


def _lacks(code: str) -> str:
    with pytest.raises(Invalid) as refused:
        run.submit(code=code)
    return str(refused.value.fields)


def test_an_acceptance_does_not_outlive_the_comparison_it_was_for(framework: Framework) -> None:
    _made, (code, _other) = opened(framework, "ahp")
    run.save_comparisons(code=code, node="index", said={FIRST: 2.0, SECOND: 4.0, THIRD: 2.0}, accepted=True)
    said = read.behind(code).said["index"]
    assert said.ratio == pytest.approx(0, abs=1e-9) and not said.accepted


def test_budgets_become_a_scenario_with_each_expert_as_an_option(framework: Framework) -> None:
    made, codes = opened(framework)
    for code, points in zip(codes, ((60, 20, 20), (20, 40, 40)), strict=True):
        spend(code, *points)
        run.submit(code=code)
    run.close_questionnaire(actor=ANALYST, questionnaire_id=made)
    row = Scenario.objects.get(pk=run.adopt(actor=ANALYST, questionnaire_id=made, name="专家权重"))
    scenario, factors = documents.scenario_of(row.document), documents.factors_of(row.factors)
    rule = scenario.weigh.at["index"]
    assert isinstance(rule, Budget) and rule.points["专家 1"] == pytest.approx({"A": 60, "B": 20, "C": 20})
    choice = next(f for f in factors if isinstance(f, Choice) and "专家" in f.name)
    assert [o.label for o in choice.options] == ["专家 1", "专家 2"]
    (noise,) = [f for f in factors if isinstance(f, Noise)]
    assert noise.levels == (1,)  # the parts vary by opinion, not by noise on top of it
    view = frameworks.framework(actor=ANALYST, framework_id=framework.pk)
    assert [
        t
        for t in trees.faults(
            view.rows, purpose="comprehensive", series=frameworks.used_series(view), scenario=scenario
        )
        if t.stops
    ] == []
    with pytest.raises(Conflict) as taken:
        run.adopt(actor=ANALYST, questionnaire_id=made, name="专家权重")
    assert taken.value.code == "name_taken"


def test_the_spread_of_experts_reaches_the_uncertainty_analysis(framework: Framework) -> None:
    made, codes = opened(framework, nodes=("C",))
    for code, first in zip(codes, (90.0, 10.0), strict=True):
        run.save_points(code=code, node="C", points={"C1": first, "C2": 100 - first})
        run.submit(code=code)
    run.close_questionnaire(actor=ANALYST, questionnaire_id=made)
    row = Scenario.objects.get(pk=run.adopt(actor=ANALYST, questionnaire_id=made, name="专家权重"))
    nodes = panels.node_views(framework.pk)
    found = panels.assembled(nodes, level="province", years=[2021, 2022, 2023])
    assert found.tree is not None and found.panel is not None
    from linli.evaluation import pruning

    scenario = pruning.fitted(documents.scenario_of(row.document), found.tree)
    factors = pruning.fitted_factors(
        [f for f in documents.factors_of(row.factors) if isinstance(f, Choice) and "专家" in f.name], found.tree
    )
    cloud = Study(found.panel, found.tree, scenario, factors).run_options(np.array([[0], [1]]))
    assert len(cloud.ranks) == 2 and (cloud.ranks[0] != cloud.ranks[1]).any()


def test_comparisons_are_pooled_and_their_inconsistency_is_accepted_by_the_office(framework: Framework) -> None:
    made, codes = opened(framework, "ahp")
    for code in codes:
        run.save_comparisons(code=code, node="index", said={FIRST: 5.0, THIRD: 5.0, SECOND: 1 / 5}, accepted=True)
        run.submit(code=code)
    run.close_questionnaire(actor=ANALYST, questionnaire_id=made)
    with pytest.raises(Invalid) as refused:
        run.adopt(actor=ANALYST, questionnaire_id=made, name="比较")
    assert refused.value.code == "inconsistent" and "总指数" in str(refused.value.message)
    row = Scenario.objects.get(
        pk=run.adopt(actor=ANALYST, questionnaire_id=made, name="比较", accept_inconsistent=True)
    )
    rule = documents.scenario_of(row.document).weigh.at["index"]
    assert isinstance(rule, Ahp) and rule.accept_inconsistent and rule.codes == ("A", "B", "C")
    assert rule.matrix[0][1] == pytest.approx(5) and rule.matrix[1][0] == pytest.approx(0.2)


def test_nothing_is_adopted_of_nobody(framework: Framework) -> None:
    made, _codes = opened(framework)
    run.close_questionnaire(actor=ANALYST, questionnaire_id=made)
    with pytest.raises(Invalid) as refused:
        run.adopt(actor=ANALYST, questionnaire_id=made, name="空")
    assert refused.value.code == "no_answers"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="one writer at a time: nothing to race")
def test_handing_in_at_once_hands_in_once(framework: Framework) -> None:
    _made, (code, _other) = opened(framework)
    spend(code, 50, 30, 20)
    told: list[str] = []
    line = threading.Barrier(4)

    def hand_in() -> None:
        line.wait()
        try:
            run.submit(code=code)
            told.append("in")
        except Refusal as refusal:
            told.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=hand_in) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["handed_in", "handed_in", "handed_in", "in"]
    assert connection.vendor == "postgresql"
