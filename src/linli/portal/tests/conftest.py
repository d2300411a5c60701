"""Ground for the residents' pages: the real district, and counters that begin anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linli.testing.fixtures import Cast

from .resident import Resident


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PORTAL_LIMITS = {"report": [[50, 600]], "photo": [[50, 3600]], "follow": [[50, 600]]}


@pytest.fixture
def resident(district: Cast) -> Resident:
    return Resident()
