"""Readers of the published figures that the composite engine must reproduce, and small panels for everything else."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from linli_engines.composite.framework import Framework, Indicator, Node, flat
from linli_engines.composite.panel import Panel, Variable
from linli_engines.composite.scenario import Fill, Scenario, Treat

DENOMINATORS = ("Area", "Energy", "GDP", "Population")
GROUPS = ("GDP_group", "EurAsia_group")
STEPS = Scenario(impute=(Fill("group_mean", group="EurAsia_group"),), treat=Treat())
"""What COINr's example does: denominate, impute by continent, treat, min-max to 0-100, arithmetic mean."""


def number(text: str) -> float:
    return float("nan") if text in ("NA", "") else float(text)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def table(path: Path, key: str = "uCode") -> tuple[list[str], dict[str, np.ndarray]]:
    """Row names, and columns of numbers by their heads."""
    found = rows(path)
    heads = [head for head in found[0] if head != key]
    return [row[key] for row in found], {h: np.array([number(row[h]) for row in found]) for h in heads}


def asem_framework(folder: Path, denominated: bool = True) -> Framework:
    meta = rows(folder / "ASEM_iMeta.csv")

    def named(text: str) -> str:
        return "" if text == "NA" else text

    return Framework(
        tuple(
            Indicator(
                m["iCode"], m["Parent"], int(m["Direction"]), denominator=named(m["Denominator"]) if denominated else ""
            )
            for m in meta
            if m["Type"] == "Indicator"
        ),
        tuple(Node(m["iCode"], named(m["Parent"])) for m in meta if m["Type"] == "Aggregate"),
    )


def asem_panel(folder: Path, file: str = "ASEM_iData.csv") -> Panel:
    data = rows(folder / file)
    codes = [*asem_framework(folder).leaves, *DENOMINATORS]
    group = {row["uCode"]: row for row in data}
    units = tuple(sorted(group))
    years = tuple(sorted({int(row["Time"]) for row in data}))
    at = {(int(row["Time"]), row["uCode"]): row for row in data}
    values = np.array([[[number(at[y, u][c]) for c in codes] for u in units] for y in years])
    labels = {name: tuple(group[u][name] for u in units) for name in GROUPS}
    return Panel(units, years, tuple(map(Variable, codes)), values, labels)


def worst(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference, relative for numbers above 1; infinite where one is missing and the other is not."""
    if not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        return float("inf")
    return float(np.nanmax(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0), initial=0.0))


def small(values: object, cost: tuple[str, ...] = ()) -> tuple[Panel, Framework]:
    """A panel of one year over indicators a, b, c ... and a tree of one node."""
    x = np.asarray(values, dtype=float)
    codes = [chr(97 + i) for i in range(x.shape[1])]
    return Panel.single([f"u{i}" for i in range(len(x))], codes, x), flat(codes, cost=cost)


def two_levels(weights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0)) -> Framework:
    """Five indicators a-e (b counts down) under x (a, b) and y (c, d, e), under index."""
    leaves = tuple(
        Indicator(code, "x" if code in "ab" else "y", -1 if code == "b" else 1, w, goalposts=(0.0, 10.0))
        for code, w in zip("abcde", weights, strict=True)
    )
    return Framework(leaves, (Node("index"), Node("x", "index"), Node("y", "index")))
