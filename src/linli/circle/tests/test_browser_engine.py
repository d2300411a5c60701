"""The planner counts in the browser: on the district's own streets it finds the server's places, metres and shares."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from linli.circle import matrices, network, rules
from linli.circle.queries import packed
from linli.config import pack
from linli_engines.reach.solving import nearest

pytestmark = [pytest.mark.django_db, pytest.mark.once]
REACH = Path(__file__).resolve().parents[1] / "static" / "circle" / "reach.js"
POINTS, CAP_M, CLOSE_M, SEED = 200, 1200.0, 0.1, 20261122
SCRIPT = """
import { readFileSync, writeFileSync } from "node:fs";
const { Ground } = await import(process.argv[2]);
const [bin, points, out, capM, communities] = process.argv.slice(3);
const bytes = readFileSync(bin), ground = Ground.read(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
const feet = JSON.parse(readFileSync(points)).map(([lon, lat]) => ground.place(lon, lat));
const metres = feet.map((f) => Array.from(f ? ground.nearest([f], Number(capM)) : new Float32Array(ground.homes).fill(Infinity), (m) => (Number.isFinite(m) ? m : -1)));
const whole = ground.nearest(feet.filter((f) => f), Number(capM));
const share = Array.from(ground.shares(whole, Number(communities)), (s) => (Number.isNaN(s) ? -1 : s));
writeFileSync(out, JSON.stringify({ snap: feet.map((f) => (f ? f.snap : -1)), metres, share, fit: ground.about.fitM }));
"""


@pytest.fixture
def district_streets(xicheng: object) -> None:
    pack._load_catalogues(Path(settings.PACK), lambda *_a: None)
    pack._load_ground(Path(settings.PACK), lambda *_a: None)


def counted(folder: Path, steps: bool, lon: np.ndarray, lat: np.ndarray) -> dict[str, Any]:
    """What the script finds, run by Node. Skips with the reason where there is none."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node on PATH: the browser's engine cannot be run")
    (folder / "ground.bin").write_bytes(packed.packed(steps)[1])
    (folder / "points.json").write_text(json.dumps(np.column_stack([lon, lat]).tolist()))
    (folder / "run.mjs").write_text(SCRIPT)
    (folder / "reach.mjs").write_text(REACH.read_text(encoding="utf-8"), encoding="utf-8")
    files = [str(folder / name) for name in ("reach.mjs", "ground.bin", "points.json", "out.json")]
    line = [node, str(folder / "run.mjs"), *files, str(CAP_M), str(len(matrices.community_codes()))]
    subprocess.run(line, check=True, capture_output=True, timeout=120)
    found: dict[str, Any] = json.loads((folder / "out.json").read_text())
    return found


@pytest.mark.parametrize("steps", [True, False], ids=["foot", "wheelchair"])
def test_two_hundred_facilities_have_the_servers_metres(district_streets: None, tmp_path: Path, steps: bool) -> None:
    ground = network.ground(steps)
    homes, chance = ground.homes, np.random.default_rng(SEED)
    at = chance.integers(0, len(homes), POINTS)  # about the homes, and so about everything else in the district
    lon, lat = homes.lon[at] + chance.normal(0, 0.003, POINTS), homes.lat[at] + chance.normal(0, 0.003, POINTS)
    theirs = counted(tmp_path, steps, lon, lat)
    places = ground.streets.place(lon, lat).places
    placed = places.arc >= 0
    snap = np.array(theirs["snap"])
    assert placed.mean() > 0.5 and np.array_equal(placed, snap >= 0), "the same points find a street"
    assert np.abs(snap - places.snap_m)[placed].max() <= CLOSE_M and theirs["fit"] < CLOSE_M

    own = nearest(ground.streets.graph, ground.placed.places, places, np.arange(POINTS, dtype=np.int32), POINTS, CAP_M)
    script = np.array(theirs["metres"]).T
    script = np.where(script < 0, np.inf, script)
    both = np.isfinite(own) & np.isfinite(script)
    assert both.sum() > 5_000 and np.abs(own[both] - script[both]).max() <= CLOSE_M
    apart = np.isfinite(own) != np.isfinite(script)
    assert (np.where(np.isfinite(own), own, script)[apart] > CAP_M - CLOSE_M).all(), (
        "only at the very cap may they differ"
    )

    community = matrices.community_index(homes.community)
    codes = matrices.community_codes()
    reached = np.isfinite(own.min(axis=1))[:, None]
    share = rules.shares(reached, community, homes.residents, len(codes))[:, 0]
    assert np.abs(np.nan_to_num(share, nan=-1.0) - np.array(theirs["share"])).max() < 1e-9
