"""Pytest's ground. LINLI_TEST_DB names the test database, so that two runs on one server do not meet (settings)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

pytest_plugins = ["linli.testing.fixtures"]
BROWSER_TESTS = Path(__file__).parent / "tests" / "browser"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies under tests/browser needs Chromium and is marked so."""
    for item in items:
        if item.path.is_relative_to(BROWSER_TESTS):
            item.add_marker(pytest.mark.browser)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without Chromium a browser test is skipped with the reason; in CI it fails, or nobody would notice."""
    if item.get_closest_marker("browser") is None or shutil.which("chromium"):
        return
    reason = "Chromium is missing: apt-get install chromium fonts-noto-cjk"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
