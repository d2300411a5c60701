"""The engine's values as JSON and back: scenarios, factors, trees, panels. What is not understood is named, never skipped.

A document is a mapping of the fields of the value; what is left out takes its default. A rule of weights says its
`kind` ("equal", "ahp"), and so does a factor ("choice", "range", "noise").
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from django.utils.translation import gettext as _

from linli.core.errors import Invalid
from linli_engines.composite import (
    Ahp,
    BenefitOfDoubt,
    Budget,
    Choice,
    Critic,
    Entropy,
    Equal,
    Factors,
    Framework,
    Given,
    Indicator,
    Manual,
    Node,
    Noise,
    Optimised,
    Option,
    Panel,
    Range,
    Scenario,
    Variable,
)

Document = dict[str, Any]
Factor = Choice | Range | Noise

RULES: dict[str, type] = {
    "given": Given, "equal": Equal, "manual": Manual, "budget": Budget, "ahp": Ahp, "entropy": Entropy, "critic": Critic,
    "factors": Factors, "benefit_of_doubt": BenefitOfDoubt, "optimised": Optimised,
}  # fmt: skip
FACTORS: dict[str, type] = {"choice": Choice, "range": Range, "noise": Noise}
_KIND_OF = {cls: kind for kind, cls in (RULES | FACTORS).items()}


class _Wrong(Exception):
    """A place in a document and what is wrong with it."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(path, sentence)
        self.path, self.sentence = path, sentence


# --- out ------------------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """An engine value as JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        body = {f.name: plain(getattr(value, f.name)) for f in fields(value)}
        kind = _KIND_OF.get(type(value))
        return {"kind": kind, **body} if kind else body
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def scenario_doc(scenario: Scenario) -> Document:
    """A scenario as JSON; its name stands beside it, not in it."""
    body: Document = plain(scenario)
    body.pop("name")
    return body


def factors_doc(factors: Sequence[Factor]) -> list[Document]:
    """Factors as JSON."""
    return [plain(factor) for factor in factors]


# --- in -------------------------------------------------------------------------------------------------------


def scenario_of(document: Any, name: str = "") -> Scenario:
    """A scenario out of JSON. Raises Invalid (bad_scenario) with the place in `fields`."""
    with _told("bad_scenario"):
        body = _mapping(document, "")
        return _made(Scenario, {**body, "name": name}, "")  # type: ignore[no-any-return]


def factors_of(document: Any) -> tuple[Factor, ...]:
    """Factors out of JSON. Raises Invalid (bad_factors) with the place in `fields`."""
    with _told("bad_factors"):
        if not isinstance(document, list):
            raise _Wrong("", _("须是一个列表。"))
        return tuple(_factor(entry, f"{i + 1}") for i, entry in enumerate(document))


class _told:
    """Turns what is wrong with a document into a refusal with the place as its field."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, wrong: BaseException | None, trace: Any) -> None:
        if isinstance(wrong, _Wrong):
            where = wrong.path or "document"
            sentence = _("测算方案里的“%(where)s”不对：%(why)s") % {"where": where, "why": wrong.sentence}
            raise Invalid(self.code, sentence, fields={where: [wrong.sentence]}) from None


def _factor(entry: Any, path: str) -> Factor:
    body = _mapping(entry, path)
    cls = FACTORS.get(str(body.get("kind")))
    if cls is None:
        raise _Wrong(f"{path}.kind", _("不认识的不确定因素。"))
    rest = {k: v for k, v in body.items() if k != "kind"}
    if cls is Choice:
        options = rest.get("options")
        if not isinstance(options, list):
            raise _Wrong(f"{path}.options", _("须是一个列表。"))
        made = tuple(_option(o, f"{path}.options.{i + 1}") for i, o in enumerate(options))
        return Choice(_text(rest.get("name"), f"{path}.name"), made)
    return _made(cls, rest, path)  # type: ignore[no-any-return]


def _option(entry: Any, path: str) -> Option:
    body = _mapping(entry, path)
    patch = _mapping(body.get("patch"), f"{path}.patch")
    made = {where: _typed(_type_at(where, path), new, f"{path}.patch.{where}") for where, new in patch.items()}
    share = _typed(float, body.get("share", 1.0), f"{path}.share")
    return Option(_text(body.get("label"), f"{path}.label"), made, share)


def _type_at(where: str, path: str) -> Any:
    """The type that stands at a dotted place of a scenario."""
    found: Any = Scenario
    for step in where.split("."):
        found = next((t for t in _arms(found) if is_dataclass(t) or get_origin(t) is not None), found)
        if is_dataclass(found) and isinstance(found, type):
            hints = _hints(found)
            if step not in hints:
                raise _Wrong(f"{path}.patch", _("测算方案里没有“%(where)s”。") % {"where": where})
            found = hints[step]
        elif get_origin(found) in (Mapping, dict) or _is_mapping(found):
            found = get_args(found)[1]
        else:
            raise _Wrong(f"{path}.patch", _("测算方案里没有“%(where)s”。") % {"where": where})
    return found


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _arms(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _mapping(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
        raise _Wrong(path, _("须是一组名称和值。"))
    return dict(value)


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _Wrong(path, _("须是文字。"))
    return value


def _made(cls: type, body: dict[str, Any], path: str) -> Any:
    hints = _hints(cls)
    dot = f"{path}." if path else ""
    for name in body:
        if name not in hints:
            raise _Wrong(f"{dot}{name}", _("没有这一项。"))
    given = {name: _typed(hints[name], value, f"{dot}{name}") for name, value in body.items()}
    for f in fields(cls):
        if f.name not in given and f.default is MISSING and f.default_factory is MISSING:
            raise _Wrong(f"{dot}{f.name}", _("缺这一项。"))
    return cls(**given)


def _typed(kind: Any, value: Any, path: str) -> Any:
    """`value` as `kind`: numbers are not text, true is not 1, nothing is read into what does not fit."""
    arms = _arms(kind)
    if value is None:
        if type(None) in arms:
            return None
        raise _Wrong(path, _("不能空着。"))
    arms = tuple(arm for arm in arms if arm is not type(None))
    if any(arm in _KIND_OF for arm in arms):
        return _rule(value, path)
    if len(arms) > 1:  # a base: "each", "pooled" or a year
        if isinstance(value, str) and str in arms:
            return value
        arms = tuple(arm for arm in arms if arm is not str)
    (arm,) = arms[:1]
    if is_dataclass(arm) and isinstance(arm, type):
        return _made(arm, _mapping(value, path), path)
    if _is_mapping(arm):
        inner = get_args(arm)[1]
        return {k: _typed(inner, v, f"{path}.{k}") for k, v in _mapping(value, path).items()}
    if get_origin(arm) is tuple:
        return _row(arm, value, path)
    return _scalar(arm, value, path)


def _row(kind: Any, value: Any, path: str) -> tuple[Any, ...]:
    inner = get_args(kind)
    if not isinstance(value, list | tuple):
        raise _Wrong(path, _("须是一个列表。"))
    if inner[-1] is not Ellipsis and len(inner) != len(value):
        raise _Wrong(path, _("须有 %(n)s 个值。") % {"n": len(inner)})
    arms = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
    return tuple(_typed(arm, v, f"{path}.{i + 1}") for i, (arm, v) in enumerate(zip(arms, value, strict=True)))


def _scalar(kind: Any, value: Any, path: str) -> Any:
    if kind is str:
        return _text(value, path)
    if kind is bool:
        if not isinstance(value, bool):
            raise _Wrong(path, _("须是“是”或“否”。"))
        return value
    if kind in (int, float):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise _Wrong(path, _("须是数。"))
        if kind is int and value != int(value):
            raise _Wrong(path, _("须是整数。"))
        return kind(value)
    return value


def _rule(value: Any, path: str) -> Any:
    body = _mapping(value, path)
    cls = RULES.get(str(body.get("kind")))
    if cls is None:
        raise _Wrong(f"{path}.kind", _("不认识的赋权方法。"))
    return _made(cls, {k: v for k, v in body.items() if k != "kind"}, path)


# --- trees and panels -----------------------------------------------------------------------------------------


def tree_doc(tree: Framework) -> Document:
    return {"indicators": plain(tree.indicators), "nodes": plain(tree.nodes)}


def tree_from(document: Document) -> Framework:
    indicators = tuple(
        Indicator(**{**i, "goalposts": tuple(i["goalposts"]) if i["goalposts"] else None})
        for i in document["indicators"]
    )
    return Framework(indicators, tuple(Node(**n) for n in document["nodes"]))


def panel_doc(panel: Panel) -> Document:
    """Values by year, unit, variable; null where there is none. Numbers come back to the last bit (repr)."""
    values = [[[None if math.isnan(v) else v for v in row] for row in year] for year in panel.values.tolist()]
    return {
        "units": list(panel.units),
        "years": list(panel.years),
        "variables": plain(panel.variables),
        "values": values,
        "groups": {k: list(v) for k, v in panel.groups.items()},
    }


def panel_from(document: Document) -> Panel:
    values = np.array(document["values"], dtype=object)
    numbers = np.where(values == None, np.nan, values).astype(float)  # noqa: E711  elementwise
    return Panel(
        tuple(document["units"]),
        tuple(document["years"]),
        tuple(Variable(**v) for v in document["variables"]),
        numbers,
        {k: tuple(v) for k, v in document["groups"].items()},
    )


@dataclass(frozen=True, eq=False)
class Asked:
    """All that a result is made of."""

    panel: Panel
    tree: Framework
    scenario: Scenario


def asked_doc(asked: Asked) -> Document:
    return {"panel": panel_doc(asked.panel), "tree": tree_doc(asked.tree), "scenario": scenario_doc(asked.scenario)}


def asked_from(document: Document) -> Asked:
    return Asked(panel_from(document["panel"]), tree_from(document["tree"]), scenario_of(document["scenario"]))
