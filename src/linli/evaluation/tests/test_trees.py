"""Trees of frameworks without a database: formulas, weights, calibres, circles, editions side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from linli.evaluation import documents, trees
from linli.evaluation.trees import Row


@dataclass(frozen=True)
class Counted:
    concept: str
    name: str = ""
    symbol: str = "人"
    calibre: str = ""
    calibre_name: str = ""
    origin: str = "public"


SERIES = {
    "people": Counted("people", "常住人口", calibre="resident", calibre_name="常住人口"),
    "people_census": Counted("people", "普查人口", calibre="census", calibre_name="普查"),
    "old": Counted("old", "老年人口"),
    "young": Counted("young", "少年人口"),
    "beds": Counted("beds", "床位", symbol="张"),
    "cases": Counted("cases", "案件", origin="platform"),
}
TREE = [
    Row("index", "", "root", "总指数"),
    Row("a", "index", "part", "甲"),
    Row("b", "index", "part", "乙"),
    Row("a1", "a", "indicator", "甲一", numerator="old + young", denominator="people", weight=1),
    Row("b1", "b", "indicator", "乙一", numerator="beds", denominator="people", weight=1),
]


def codes(rows: list[Row], purpose: str = "comprehensive", *, stops: bool = True, scenario: object = None) -> list[str]:
    found = trees.faults(rows, purpose=purpose, series=SERIES, scenario=scenario)  # type: ignore[arg-type]
    return [t.code for t in found if t.stops or not stops]


def changed(code: str, **values: object) -> list[Row]:
    return [replace(r, **values) if r.code == code else r for r in TREE]  # type: ignore[arg-type]


def test_a_sound_tree_has_no_fault() -> None:
    assert codes(TREE, stops=False, scenario=documents.scenario_of({})) == []


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (changed("a1", numerator="old +"), "bad_formula"),
        (changed("a1", numerator="old, young"), "bad_formula"),
        (changed("a1", numerator="old + nobody"), "series_unknown"),
        (changed("a1", numerator="old + beds"), "unit_mixed"),
        (changed("a1", numerator="people + people_census"), "calibre_mixed"),
        (changed("a1", numerator="people", denominator="people_census"), "calibre_mixed"),
        (changed("b1", numerator="cases"), "platform_series"),
        (changed("b1", numerator=""), "bad_formula"),
        (changed("a", parent="a1"), "PARENT_UNKNOWN"),
        ([*TREE, Row("a1", "b", "indicator", "甲一", numerator="old")], "TWO_PARENTS"),
        ([*TREE, Row("c", "d", "group", "丙"), Row("d", "c", "group", "丁")], "CYCLE"),
        ([*TREE, Row("c", "index", "part", "丙")], "NODE_EMPTY"),
        ([*TREE, Row("two", "", "root", "又一个")], "ROOT"),
        (changed("a1", goal_low=3.0, goal_high=1.0), "GOALPOSTS"),
    ],
)
def test_what_is_wrong_stops(rows: list[Row], code: str) -> None:
    assert code in codes(rows)


def test_a_platform_series_may_stand_in_a_district_index() -> None:
    assert codes(changed("b1", numerator="cases"), "district") == []


@pytest.mark.parametrize(
    ("weights", "fine"),
    [((60, 40), True), ((0.6, 0.4), True), ((1, 1), True), ((3, 3), True), ((60, 39), False), ((0.6, 0.5), False)],
)
def test_weights_are_alike_or_add_up(weights: tuple[float, float], fine: bool) -> None:
    rows = [replace(r, weight=dict(zip("ab", weights, strict=True)).get(r.code, r.weight)) for r in TREE]
    assert codes(rows) == ([] if fine else ["weight_sum"])
    if not fine:
        (told,) = trees.faults(rows, purpose="comprehensive", series=SERIES)
        assert f"{sum(weights):g}" in str(told)


def test_a_leaf_without_data_is_said_and_does_not_stop() -> None:
    rows = changed("b1", numerator="", denominator="")
    assert codes(rows) == []
    (told,) = trees.faults(rows, purpose="comprehensive", series=SERIES, scenario=documents.scenario_of({}))
    assert told.code == "no_data" and told.where == ("乙一",)


def test_two_calibres_in_two_indicators_are_said() -> None:
    assert codes(changed("b1", denominator="people_census"), stops=False) == ["calibre_differs"]


def test_units_that_do_not_go_together_and_a_scenario_that_cannot_run() -> None:
    plain = documents.scenario_of({})
    assert codes(changed("b1", symbol="万张", denominator_symbol="千人"), scenario=plain) == []
    assert codes(changed("b1", symbol="公里"), scenario=plain) == ["UNIT_MISMATCH"]
    assert codes(changed("b1", symbol="公里", denominator="")) == ["unit_mismatch"]
    assert codes(changed("b1", symbol="张", denominator="")) == []
    assert codes(changed("b1", denominator_symbol="公顷"), scenario=plain) == ["UNIT_MISMATCH"]
    geometric = documents.scenario_of({"aggregate": {"default": "geometric"}})
    assert set(codes(TREE, scenario=geometric)) == {"NOT_POSITIVE_BY_DESIGN"}
    goals = documents.scenario_of({"normalise": {"method": "goalposts"}})
    assert codes(TREE, scenario=goals) == ["GOALPOSTS_MISSING"]
    base = documents.scenario_of({"normalise": {"base": 2019}})
    assert codes(TREE, scenario=base) == []
    short = documents.scenario_of(
        {"weigh": {"at": {"index": {"kind": "manual", "weights": {"a": 60, "b": 39}, "total": 100}}}}
    )
    assert codes(TREE, scenario=short) == ["WEIGHT_SUM"]


def test_rows_are_listed_after_their_parents_and_a_circle_does_not_hang() -> None:
    rows = [*TREE[3:], *TREE[:3], Row("c", "d", "group", "丙"), Row("d", "c", "group", "丁")]
    assert [(r.code, depth) for r, depth in trees.in_order(rows)] == [
        ("index", 0), ("a", 1), ("a1", 2), ("b", 1), ("b1", 2), ("c", -1), ("d", -1),
    ]  # fmt: skip


def test_shares_are_per_cent_of_the_siblings() -> None:
    rows = [replace(r, weight=3.0) if r.code == "a" else r for r in TREE]
    assert trees.shares(rows)["a"] == 75.0 and trees.shares(rows)["a1"] == 100.0


def test_two_editions_side_by_side() -> None:
    after = [replace(r, weight=2.0, name="乙二") if r.code == "b1" else r for r in TREE if r.code != "a1"]
    found = trees.difference(TREE, [*after, Row("a2", "a", "indicator", "甲二")])
    assert [r.code for r in found.added] == ["a2"] and [r.code for r in found.gone] == ["a1"]
    (change,) = found.changed
    assert {f: (a, b) for f, a, b in change.differences} == {"name": ("乙一", "乙二"), "weight": (1, 2.0)}
