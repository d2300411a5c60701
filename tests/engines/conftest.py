"""Where tests of engines find reference data that may not ship: LINLI_REFERENCE, or `shared/data` beside the checkout."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture
def reference() -> Callable[[str], Path]:
    """`reference("reach/golden_small.json")`: that file or folder; skips with the reason where it is absent."""

    def find(name: str) -> Path:
        path = Path(os.environ.get("LINLI_REFERENCE") or BESIDE) / name
        if not path.exists():
            pytest.skip(f"reference data {name} is absent: LINLI_REFERENCE names its folder")
        return path

    return find
