"""Compiled code never outlives the sources it was made of."""

from __future__ import annotations

import os
from pathlib import Path

from linli_engines.reach.compiled import forget_outdated


def test_what_is_older_than_any_source_goes_and_what_is_newer_stays(tmp_path: Path) -> None:
    kept = tmp_path / "part" / "__pycache__"
    kept.mkdir(parents=True)
    for name, made in (
        ("a.py", 100),
        ("plain.py", 300),
        ("part/b.py", 200),
        ("part/__pycache__/b.old.nbi", 150),
        ("part/__pycache__/b.new.nbi", 250),
    ):
        (tmp_path / name).write_text("from numba import njit" if name != "plain.py" else "")
        os.utime(tmp_path / name, (made, made))
    assert forget_outdated(tmp_path) == 1
    assert [file.name for file in kept.iterdir()] == ["b.new.nbi"]
    assert forget_outdated(tmp_path) == 0
