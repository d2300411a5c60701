"""Engine values as JSON and back; what is not understood is named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linli_engines.composite as engine
from linli.core.errors import Invalid
from linli.evaluation import documents, problems
from linli_engines.composite import (
    Aggregate,
    Ahp,
    Choice,
    Equal,
    Fill,
    Framework,
    Indicator,
    Manual,
    Node,
    Noise,
    Normalise,
    Option,
    Panel,
    Problem,
    Range,
    Scenario,
    Screen,
    Treat,
    Variable,
    Weigh,
)

SCENARIO = Scenario(
    screen=Screen(0.5),
    impute=(Fill("interpolate", max_gap=2), Fill("group_median", group="region")),
    treat=Treat(at={"x": ()}),
    normalise=Normalise("goalposts", scale=(1, 100), base="pooled", at={"y": "minmax"}),
    weigh=Weigh(Equal(), {"a": Ahp(("x", "y"), ((1, 3), (1 / 3, 1)))}),
    aggregate=Aggregate("geometric", coverage=0.6),
)
FACTORS = (
    Choice(
        "normalise",
        (
            Option("z", {"normalise": Normalise("zscore", (50, 10))}),
            Option("m", {"normalise.base": 2020, "impute": (Fill("mean"),), "weigh.at.root": Manual({"a": 1.0})}, 2.0),
        ),
    ),
    Noise("weights", 0.25, (2,)),
    Range("power", "aggregate.power", 0.1, 0.9),
)


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value, ensure_ascii=False, allow_nan=False))


def test_scenarios_and_factors_come_back_as_they_were() -> None:
    assert documents.scenario_of(through_json(documents.scenario_doc(SCENARIO))) == SCENARIO
    assert documents.factors_of(through_json(documents.factors_doc(FACTORS))) == FACTORS


def test_an_empty_document_is_the_default() -> None:
    assert documents.scenario_of({}) == Scenario()


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"screen": {"unit_share": "0.5"}}, "screen.unit_share"),
        ({"screen": {"unit_share": True}}, "screen.unit_share"),
        ({"screens": {}}, "screens"),
        ({"weigh": {"default": {"kind": "guess"}}}, "weigh.default.kind"),
        ({"impute": [{"max_gap": 1}]}, "impute.1.method"),
        ({"impute": [{"method": "carry", "max_gap": 1.5}]}, "impute.1.max_gap"),
        ({"normalise": {"scale": [1]}}, "normalise.scale"),
        ({"normalise": {"clip": "yes"}}, "normalise.clip"),
        ({"weigh": {"at": {"a": {"kind": "manual", "weights": {"x": None}}}}}, "weigh.at.a.weights.x"),
        ({"tolerance": float("nan")}, "tolerance"),
        ([], "document"),
    ],
)
def test_what_is_not_understood_is_named(document: Any, place: str) -> None:
    with pytest.raises(Invalid) as refusal:
        documents.scenario_of(document)
    assert list(refusal.value.fields) == [place]


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "guess"},
        {"kind": "choice", "name": "n", "options": [{"label": "l", "patch": {"nowhere.at.all": 1}}]},
        {"kind": "choice", "name": "n", "options": [{"label": "l", "patch": {"treat.winmax": "3"}}]},
        {"kind": "noise", "name": "n"},
    ],
)
def test_a_factor_that_is_not_understood_is_refused(entry: Any) -> None:
    with pytest.raises(Invalid, match="bad_factors"):
        documents.factors_of([entry])


def test_what_a_result_is_made_of_keeps_its_digest_through_json() -> None:
    tree = Framework((Indicator("x", "r", goalposts=(0.1, 3)), Indicator("y", "r", -1)), (Node("r"),))
    values = np.array([[[1 / 3, np.nan], [2e-7, 3.0], [0.1 + 0.2, 5.0]]])
    panel = Panel(("a", "b", "c"), (2023,), (Variable("x", "%"), Variable("y")), values, {"region": ("e", "w", "e")})
    asked = documents.Asked(panel, tree, SCENARIO)
    again = documents.asked_from(through_json(documents.asked_doc(asked)))
    assert (again.panel.digest, again.tree.digest, again.scenario.digest) == (
        panel.digest,
        tree.digest,
        SCENARIO.digest,
    )


def test_every_refusal_of_the_engine_has_a_sentence() -> None:
    folder = Path(engine.__file__).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    calls = set(re.findall(r'(?:Problem|refuse)\(\s*"([A-Z_]+)"', source))
    calls |= set(re.findall(r'_(?:twice|method)\("([A-Z_]+)"', source))
    assert len(calls) > 80
    assert calls - set(problems.SENTENCES) == set()


def test_a_long_list_of_places_is_cut_and_counted() -> None:
    told = problems.told(Problem("NOT_POSITIVE", "x", tuple(f"u{i}, 2020, x" for i in range(20))), {"u0": "北京市"})
    assert told.where[0] == "北京市, 2020, x"
    assert told.more == 8
    assert "另有 8 处" in str(told)
