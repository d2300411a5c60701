"""Something of each kind in the service circle, for the addresses that name it: small, real, in Niujie."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pyarrow
from django.conf import settings
from pyarrow import parquet

from linli.circle import jobs as work
from linli.circle.actions import kinds, load, plans, records, surveys, waves
from linli.circle.choices import Aim
from linli.circle.queries import catalogue as catalogues
from linli.circle.queries import facilities
from linli.circle.queries import records as record_reads
from linli.circle.queries.reach import Edit
from linli.config import pack
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.jobs import actions as jobs
from linli.testing.fixtures import Cast

NIUJIE = "110102018001"
LON, LAT = 116.3596, 39.8862


def small_ground() -> None:
    """The shipped catalogues, all pharmacies of the pack, one crossing of two streets in Niujie, no homes."""
    next(step for step in pack.STEPS if step.name == "circle_catalogue").load(settings.PACK, lambda *_told: None)
    kinds.load_kinds(actor=SYSTEM)
    head, *rows = (settings.PACK / "facilities.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    load.load_facilities(actor=SYSTEM, text="".join([head, *(r for r in rows if ",pharmacy," in r)]))
    nodes: dict[str, list[Any]] = {
        "id": [1, 2, 3, 4, 5],
        "lon": [LON, LON - 0.02, LON + 0.02, LON, LON],
        "lat": [LAT, LAT, LAT, LAT - 0.02, LAT + 0.02],
    }
    edges: dict[str, list[Any]] = {"u": [1, 1, 1, 1], "v": [2, 3, 4, 5], "length_m": [1703.0, 1703.0, 2226.0, 2226.0]}
    files = {"walk_nodes.parquet": _parquet(nodes), "walk_edges.parquet": _parquet(edges), "crossings.csv": b"id\n1\n"}
    load.load_network(actor=SYSTEM, files=files, as_of=date(2024, 3, 1), source="test", provenance="sourced")


def _parquet(columns: dict[str, list[Any]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


def circle_samples(district: Cast) -> dict[str, Any]:
    """Load the catalogues and the pharmacies of the pack, a crossing, and make one plan, circle, survey and wave."""
    small_ground()
    planner, today = district.actor("planner"), clock.today()
    catalogue = catalogues.catalogue_in_force("services")
    table = facilities.open_facilities(today)
    facility = int(table.id[[c.startswith("110102018") for c in table.community.tolist()]][0])
    edit = Edit("add", items=("0402",), lon=116.3596, lat=39.8862, name="新药店")
    plan = plans.save_plan(
        actor=planner, name="一号方案", note="", catalogue_id=catalogue.id, on=today, pace="adult", edits=[edit]
    )
    circle = records.save_circle(actor=planner, facts=records.CircleFacts("xc-1", "牛街圈", (NIUJIE,), today.year))
    member = records.add_member(actor=planner, circle_id=circle, kind="shop", name="便民菜店")
    survey = surveys.create_survey(
        actor=planner, year=today.year, name="年度调查", catalogue_id=catalogue.id, opens_on=today,
        closes_on=today + timedelta(days=30),
    )  # fmt: skip
    surveys.open_survey(actor=planner, survey_id=survey)
    wave = waves.create_wave(
        actor=planner, name="满意度", questions=[waves.Question("总体满意吗")], opens_on=today, closes_on=today + timedelta(days=30)
    )  # fmt: skip
    assert record_reads.circles(actor=SYSTEM)
    asked = {"catalogue": catalogue.id, "item": "0402", "pace": "adult", "on": str(today), "edits": []}
    search = jobs.start(work.SITING, actor=planner, params={"asked": asked, "count": 1, "aim": Aim.MOST})
    communities = {f"circle:{name}.code": NIUJIE for name in ("community", "community-sheet", "community-sheet-pdf")}
    listed = ("catalogue-version", "catalogue-publish", "catalogue-retire", "catalogue-drop")
    stood = ("facility", "facility-edit", "facility-close", "facility-open", "facility-items")
    files = ("", "-columns", "-again", "-confirm", "-undo", "-drop", "-refused")
    return {
        **communities,
        **{f"circle:{name}.id": search.pk for name in ("sited", "site-stop")},
        **{f"circle:{name}.id": catalogue.id for name in listed},
        **{f"circle:{name}.id": facility for name in stood},
        **{f"circle:facility-import{name}.id": 10**9 for name in files},
        "before": catalogue.id, "after": catalogue.id, "form": "xlsx", "pace": "adult", "digest": "0" * 24,
        "community": NIUJIE, "circle:matrix-class.code": "04", "circle:matrix-cell.code": "0402",
        "circle:programme.code": "smart", "circle:voice.code": "AAAAAAAA", "plan_id": plan,
        "share": plans.share_plan(actor=planner, plan_id=plan, on=True), "circle_id": circle, "member_id": member,
        "survey_id": survey, "wave_id": wave,
    }  # fmt: skip
