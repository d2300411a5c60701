"""Something of each kind on the ground, for the addresses that name it. Each part of the room has its function."""

from __future__ import annotations

from typing import Any

from linli.core.actor import SYSTEM
from linli.ground.actions import catalogue, changes, designs, mergers
from linli.ground.choices import ChangeKind, Net
from linli.ground.mapping import Line
from linli.ground.tests.net_samples import by_community, file_of, put, tell, two
from linli.testing.fixtures import Cast

DESIGN_PAGES = (
    "", "-run", "-check", "-lines", "-line-drop", "-cells-in", "-submit", "-cells", "-edit", "-difference", "-difference-xlsx",
    "-file",
)  # fmt: skip
LAYER_PAGES = ("", "-act", "-map", "-export", "-refused")
MERGER_PAGES = ("", "-act", "-map", "-table", "-lines", "-decide", "-decide-many")
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


def net_samples(district: Cast) -> dict[str, Any]:
    """A layer in force, a merger to decide, a catalogue in force and a draft of the next."""
    layer = put(Net.CITY, file_of(by_community(two)), actor=district.actor("planner"))
    merger = mergers.open_merger(actor=district.actor("planner"), name="样例融合")
    mergers.compute(merger_id=merger.pk, tell=tell)
    catalogue.load_matters(actor=SYSTEM)
    draft = catalogue.start_draft(actor=district.actor("planner"))
    code = catalogue.rows_of(draft.pk)[0].code
    return {
        **{f"ground:net-layer{page}.id": layer.pk for page in LAYER_PAGES}, "ground:net-layer-export.form": "geojson",
        **{f"ground:merger{page}.id": merger.pk for page in MERGER_PAGES},
        **{f"ground:matter{page}.code": code for page in ("", "-edit", "-drop")}, "ground:matter.number": 1,
    }  # fmt: skip
