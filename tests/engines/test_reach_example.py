"""The notebook of the reach engine runs on the pack as it ships, and says what the pack's data say."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "reach.py"


def test_the_example_runs_and_its_parts_agree(capsys) -> None:
    told = runpy.run_path(str(EXAMPLE))
    assert 0.9 < told["share"]["school"] <= 1 and told["share"]["pharmacy"] < 0.5  # missing data, said in SOURCES.md
    most, reach, pharmacy = told["most"], told["answer"], told["pharmacy"]
    had = (reach.count[:, pharmacy] > 0).sum()
    assert most.proven and len(most.chosen) == 3
    assert most.objective == had + len(most.gained) > had
    assert set(told["edit"].gained) <= set(most.gained) and len(told["edit"].gained) > 0
    assert np.array_equal(told["live"].reach.nearest_m, reach.nearest_m)  # opened and closed again
    assert (told["everybody"].served_by >= 0).sum() + len(told["everybody"].beyond_all) == len(told["home_xy"])
    assert re.search(r"homes \{'main': \d+", capsys.readouterr().out)


def test_the_example_needs_the_engine_alone() -> None:
    """In a fresh process: neither Django nor Linli is loaded by it."""
    line = f"import runpy, sys; runpy.run_path({str(EXAMPLE)!r}); print([m for m in sys.modules if m.split('.')[0] in ('django', 'linli')])"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    assert done.stdout.splitlines()[-1] == "[]"
