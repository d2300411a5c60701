"""Something of each kind on the ground, for the addresses that name it. Each part of the room has its function."""

from __future__ import annotations

from typing import Any

from linli.core.actor import SYSTEM
from linli.ground.actions import changes, designs
from linli.ground.choices import ChangeKind
from linli.ground.mapping import Line
from linli.testing.fixtures import Cast

DESIGN_PAGES = (
    "", "-run", "-check", "-lines", "-line-drop", "-cells-in", "-submit", "-cells", "-edit", "-difference", "-difference-xlsx",
    "-file",
)  # fmt: skip
CHANGE_PAGES = ("", "-lines", "-rename", "-progress", "-step", "-codes-xlsx", "-codes-csv", "-picture")


def border_samples(district: Cast) -> dict[str, Any]:
    """A draft of borders with one line."""
    change = changes.open_change(actor=SYSTEM, kind=ChangeKind.BORDERS, name="样例改动")
    line = Line("rename", "110102018", "110102018", "牛街新街道")
    changes.put_lines(actor=SYSTEM, change=change, version=1, lines=[line])
    pages = {f"ground:change{page}.pk": change.pk for page in CHANGE_PAGES}
    return {**pages, "ground:change-step.verb": "approve", "ground:border-ground.level": 12}


def design_samples(district: Cast) -> dict[str, Any]:
    """A draft of a grid, as it stands in force."""
    change = designs.open_draft(actor=district.actor("planner"), name="样例网格", scope="110102018001")
    pages = {f"ground:design{page}.pk": change.pk for page in DESIGN_PAGES}
    return {**pages, "ground:design-line-drop.barrier_id": 10**9, "ground:design-file.kind": "geojson"}
