"""Pytest's ground. LINLI_TEST_DB names the test database, so that two runs on one server do not meet (settings)."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path

import pytest

pytest_plugins = ["linli.testing.fixtures"]
# Nothing here pulls a server's plug: a commit of the tests need not wait for the disk. SQLite's waits, as in production.
os.environ.setdefault("PGOPTIONS", "-c synchronous_commit=off")
HERE = Path(__file__).parent
BROWSER_TESTS = HERE / "tests" / "browser"
# There a test that asks for no database meets none; an installation of its own is on SQLite unless it asks for `server`.
WITHOUT_DATABASE = (HERE / "src", HERE / "tests" / "engines", HERE / "tests" / "operations")
ASKS = {"db", "transactional_db", "server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies under tests/browser needs Chromium; what asks for no database is the same on each of them."""
    for item in items:
        if item.path.is_relative_to(BROWSER_TESTS):
            item.add_marker(pytest.mark.browser)
        asks = item.get_closest_marker("django_db") or ASKS & set(getattr(item, "fixturenames", ()))
        rules = item.path.parent == HERE / "tests"  # of the source itself: its shape, its words, its swaps
        if not asks and (rules or any(item.path.is_relative_to(place) for place in WITHOUT_DATABASE)):
            item.add_marker(pytest.mark.once)


def pytest_collection_finish() -> None:
    """What stands now stands to the end: the collector need not walk over all modules and tests again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without Chromium a browser test is skipped with the reason; in CI it fails, or nobody would notice."""
    if item.get_closest_marker("browser") is None or shutil.which("chromium"):
        return
    reason = "Chromium is missing: apt-get install chromium fonts-noto-cjk"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
