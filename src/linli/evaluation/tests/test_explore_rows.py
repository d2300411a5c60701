"""What pages say of a result, against what the engine says of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from linli.evaluation.queries.explore import (
    State,
    filled,
    payload,
    peers,
    profile,
    ranking,
    structure,
    versus,
    weighing,
    what_if,
)
from linli.evaluation.queries.explore.ranking import labels
from linli_engines.composite import Aggregate, Node, Normalise, Scenario, Screen, Status, Treat, reweighed

from .explore_subject import GOALPOSTS, LEAVES, TREE, UNITS, YEARS, subject


def test_a_unit_without_a_score_is_last_without_a_rank_and_says_what_it_lacks() -> None:
    found = ranking(subject())
    assert [row.rank for row in found.rows] == [1, 2, 3, 4, 5, 6, 7, 0]
    last = found.rows[-1]
    assert (last.unit.code, last.score, last.low, last.beats_next) == ("340000", None, None, None)
    assert [n.code for n in last.lacks] == ["parks"] and not last.left_out
    assert found.missing == 1 and found.ranked == 7


def test_the_order_is_the_engines_and_intervals_hold_the_rank_of_the_nominal_scenario() -> None:
    on = subject()
    found = ranking(on)
    for row in found.rows[:-1]:
        u = on.result.unit_at(row.unit.code)
        assert row.score == on.result.of()[u] and row.rank == on.result.ranks_of()[u]
        assert row.low is not None and row.high is not None and row.low <= row.high
        assert row.moved == int(on.result.ranks_of(year=2020)[u]) - row.rank
    assert found.rows[-2].beats_next is None, "nobody with a score stands behind the last"
    assert all(0 <= row.beats_next <= 1 for row in found.rows[:-2] if row.beats_next is not None)


def test_a_part_has_an_order_of_its_own_and_no_intervals_of_the_total() -> None:
    on = subject()
    found = ranking(on, "health")
    assert not found.intervals and all(row.low is None for row in found.rows)
    assert found.ranked == 8, "the gap is in the other part"
    assert [row.rank for row in found.rows] == sorted(on.result.ranks_of("health").tolist())


def test_a_filter_by_region_keeps_the_ranks_among_all() -> None:
    on = subject()
    assert labels(on) == {"region": ["东部", "中部"]}
    kept = ranking(on, label="region:中部").rows
    whole = {row.unit.code: row.rank for row in ranking(on).rows}
    assert {row.unit.code: row.rank for row in kept} == {c: whole[c] for c in ("140000", "340000")}


def test_a_screened_unit_says_so() -> None:
    on = subject(replace(GOALPOSTS, screen=Screen(unit_share=0.9)))
    last = next(row for row in ranking(on).rows if row.unit.code == "340000")
    assert last.rank == 0 and last.left_out


def test_what_the_parts_give_adds_up_to_the_score() -> None:
    on = subject()
    for unit in UNITS[:7]:
        found = profile(on, unit)
        assert found.top.score == pytest.approx(sum(s.given or 0 for s in found.parts), abs=1e-9)
        assert found.top.score == pytest.approx(sum(s.given or 0 for s in found.strips if s.leaf), abs=1e-9)
        assert {s.node.code for s in (*found.strong, *found.weak)} <= set(LEAVES)
        assert all((s.lead or 0) > 0 for s in found.strong) and all((s.lead or 0) < 0 for s in found.weak)


def test_the_change_of_a_year_adds_up() -> None:
    found = profile(subject(), "110000")
    assert (found.before, found.refused) == (2020, ())
    assert found.top.score is not None and found.score_before is not None
    assert sum(bar.amount for bar in found.change) == pytest.approx(found.top.score - found.score_before, abs=1e-9)
    assert [bar.kind for bar in found.change] == ["data", "data"]


def test_years_on_their_own_scales_are_not_taken_apart() -> None:
    found = profile(subject(replace(GOALPOSTS, normalise=Normalise("minmax"))), "110000")
    assert found.change == () and [p.code for p in found.refused] == ["SCALES_DIFFER"]


def test_an_order_between_units_has_no_parts() -> None:
    found = profile(subject(replace(GOALPOSTS, aggregate=Aggregate(at={"index": "copeland"})), spread=False), "110000")
    assert [p.code for p in found.no_parts] == ["NO_MEAN"] and all(s.given is None for s in found.strips)


def test_a_filled_cell_says_how_and_a_gap_stays_one() -> None:
    on = subject()
    told = {(f.unit.code, f.year, f.node.code): f for f in filled(on)}
    assert told["130000", 2020, "beds"].status is Status.INTERPOLATE
    assert told["130000", 2020, "beds"].value == pytest.approx(
        (on.result.denominated[0, 2, 0] + on.result.denominated[2, 2, 0]) / 2
    )
    assert told["340000", 2021, "parks"].value is None and told["340000", 2021, "parks"].status is Status.MISSING
    strip = next(s for s in profile(on, "340000").strips if s.node.code == "parks")
    assert (strip.score, strip.raw, strip.rank) == (None, None, 0)
    assert profile(on, "340000").top.score is None
    assert len(filled(on, 2020)) == 2 and len(filled(on, 2020, "130000")) == 1


def test_correlations_name_what_pulls_against_and_what_is_the_same_twice() -> None:
    on = subject()
    found = structure(on, "health")
    x = on.result.scores[-1][:, [on.result.code_at(c) for c in ("beds", "doctors", "waits", "health")]]
    assert np.allclose(np.array(found.matrix, float), np.corrcoef(x.T))
    signs = {(p.one.code, p.other.code): p.kind for p in found.pairs}
    for i in range(4):
        for j in range(i + 1, 4):
            r = float(np.corrcoef(x.T)[i, j])
            kind = "against" if r < 0 else "twin" if r > 0.92 and j < 3 else None
            assert signs.get((found.codes[i].code, found.codes[j].code)) == kind


def test_weights_multiply_on_the_way_and_importance_is_another_thing() -> None:
    rows = {w.node.code: w for w in weighing(subject())}
    assert rows["beds"].share == pytest.approx(0.5) and rows["beds"].effective == pytest.approx(0.3)
    assert rows["index"].effective == 1 and rows["index"].share is None
    assert sum(rows[c].importance_share or 0 for c in ("health", "living")) == pytest.approx(1)


def test_two_years_are_compared_by_rank_and_by_score_only_on_one_scale() -> None:
    on = subject()
    found = versus(State(on, 2020), State(on, 2021), unit="310000")
    row = next(r for r in found.rows if r.unit.code == "310000")
    assert row.difference == pytest.approx(sum(bar.amount for bar in found.change), abs=1e-9)
    assert found.comparable and found.rows[-1].unit.code == "340000" and found.rows[-1].gained is None
    apart = subject(replace(GOALPOSTS, normalise=Normalise("minmax")))
    other = versus(State(apart, 2020), State(apart, 2021), unit="310000")
    assert not other.comparable and all(r.difference is None for r in other.rows)
    assert any(r.gained is not None for r in other.rows), "ranks can always be compared"


def test_other_weights_are_booked_as_weights() -> None:
    tree = replace(TREE, nodes=(Node("index"), Node("health", "index", 0.3), Node("living", "index", 0.7)))
    found = versus(State(subject(), 2021), State(subject(tree=tree), 2021), unit="110000")
    assert [bar.kind for bar in found.change][-1] == "weights"
    assert found.change[0].amount == pytest.approx(0) and found.change[-1].amount != 0


def test_up_to_four_units_beside_each_other() -> None:
    found, rows = peers(subject(), [*UNITS[:5], UNITS[0]])
    assert [p.unit.code for p in found] == list(UNITS[:4])
    for row in rows:
        scores = [score for score, _rank, _raw in row.cells]
        assert row.best is None or scores[row.best] == max(s for s in scores if s is not None)


def test_what_if_is_the_engines_and_says_who_moved() -> None:
    on = subject()
    found = what_if(on, {"living": 0.9})
    table = reweighed(on.result, {"living": 0.9})
    assert {m.unit.code: m.score for m in found.rows if m.score is not None} == {
        u: v for u, v in zip(UNITS, table[-1, :, -1].tolist(), strict=True) if not math.isnan(v)
    }
    assert found.shares["index"] == pytest.approx({"health": 0.1, "living": 0.9})
    assert found.rows[-1].gained is None and sum(m.gained or 0 for m in found.rows) == 0


@pytest.mark.parametrize("mean", ["arithmetic", "geometric", "harmonic", "power"])
def test_the_page_can_compute_what_the_engine_computes(mean: str) -> None:
    """The arithmetic of what-if.js, in Python, on the payload alone."""
    on = subject(replace(GOALPOSTS, aggregate=Aggregate(default=mean)), spread=False)
    given = payload(on)
    assert given["linear"] and given["hash"] == on.result.digest and given["year"] == YEARS[-1]
    f = {
        "arithmetic": (lambda x: x, lambda x: x), "geometric": (math.log, math.exp),
        "harmonic": (lambda x: 1 / x, lambda x: 1 / x), "power": (lambda x: x**0.5, lambda x: x**2),
    }[mean]  # fmt: skip
    for u, unit in enumerate(UNITS):
        held = dict(zip(given["leaves"], given["values"][u], strict=True))
        for node in given["nodes"]:
            there = [
                (w, held[c]) for w, c in zip(node["weights"], node["children"], strict=True) if held[c] is not None
            ]
            share = sum(w for w, _x in there)
            enough = share >= given["coverage"] - 1e-12 and share > 0
            held[node["code"]] = f[1](sum(w * f[0](x) for w, x in there) / share) if enough else None
        score = on.result.of()[on.result.unit_at(unit)]
        assert (held["index"] is None) == math.isnan(score)
        assert held["index"] is None or held["index"] == pytest.approx(score, rel=1e-10)


def test_comparing_units_is_for_the_server() -> None:
    assert not payload(subject(Scenario(normalise=Normalise("goalposts"), aggregate=Aggregate("topsis")), spread=False))["linear"]  # fmt: skip


def test_the_log_of_outliers() -> None:
    from linli.evaluation.queries.explore import treated

    on = subject(replace(GOALPOSTS, treat=Treat(("winsorise",), skew=0, kurt=-9)), spread=False)
    assert [(t.node.code, t.decision.year) for t in treated(on, 2021)] and all(
        t.decision.year == 2021 for t in treated(on, 2021)
    )
