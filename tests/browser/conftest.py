"""Debian's Chromium over a running house. Without Chromium the tests are skipped with the reason; in CI that is a failure."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.house import House, lived_in, running

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
MATTERS = 150
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A process takes one file after the other (--dist loadgroup); pages of a size and a language are like a file."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            looked = getattr(getattr(item, "callspec", None), "params", {}) if item.path.stem == "test_pages" else {}
            part = f"-{looked['language']}-{looked['size']['width']}" if "language" in looked else ""
            item.add_marker(pytest.mark.xdist_group(item.path.stem + part))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demonstration with 150 matters, web and worker, on SQLite; every process of the tests has its own copy."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Debian's chromium: .ci/run installs it")
        pytest.skip("no Chromium on PATH: apt-get install chromium fonts-noto-cjk")
    var = tmp_path_factory.mktemp("browser") / "var"
    lived_in(var, tmp_path_factory, matters=MATTERS)
    with running(var, matters=MATTERS) as started:
        yield started


@pytest.fixture(autouse=True)
def a_quiet_hour(request: pytest.FixtureRequest) -> None:
    """All visitors come from one address: what the journeys before reported must not use up what this one may."""
    if "house" in request.fixturenames:
        found: House = request.getfixturevalue("house")
        with sqlite3.connect(found.var / "linli.sqlite3", timeout=20) as database:
            database.execute("DELETE FROM site_bucket")
        database.close()


@pytest.fixture(scope="session")
def play(house: House) -> Iterator[Any]:
    """Playwright itself, for a test that restarts its browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(play: Any) -> Iterator[Any]:
    """One browser for all tests of the session."""
    browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


class Visitor:
    """A browser context of one person: `page`, and everything that went wrong on it."""

    def __init__(self, context: Any, address: str) -> None:
        self.context, self.address = context, address
        self.page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.faults: list[str] = []
        self.page.on("console", lambda m: self.faults.append(f"console: {m.text}") if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.faults.append(f"error: {e}"))

    def go(self, path: str) -> Any:
        """Open a path; the answer."""
        return self.page.goto(self.address + path, wait_until="load")

    def choose(self, field: str, words: str) -> None:
        """Type into a search that answers as one types, and take the first answer."""
        self.page.locator(f"{field}[role=combobox]").fill(words)  # the role says that the script listens
        self.page.locator(f".suggest:has({field}) [role=option]").first.click()

    def sign_in(self, username: str, password: str) -> Visitor:
        self.go("/login/")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", password)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url(lambda url: "/login/" not in url)
        return self


@contextlib.contextmanager
def door(house: House, chromium: Any) -> Iterator[Callable[..., Visitor]]:
    """Opens browsers over this house and closes them at the end; who signed in once is known from then on."""
    opened: list[Any] = []
    states: dict[str, Any] = getattr(house, "signed_in", {})
    house.signed_in = states  # type: ignore[attr-defined]

    def open_for(
        username: str = "", *, size: dict[str, int] = DESK, language: str = "zh-hans", scripts: bool = True, **more: Any
    ) -> Visitor:
        context = chromium.new_context(
            viewport=size,
            java_script_enabled=scripts,
            storage_state=states.get(username),
            has_touch=size is PHONE,
            **more,
        )
        context.add_cookies([{"name": "linli_language", "value": language, "url": house.address}])
        opened.append(context)
        visitor = Visitor(context, house.address)
        if username and username not in states:
            visitor.sign_in(username, house.accounts[username])
            states[username] = context.storage_state()
        return visitor

    yield open_for
    for context in opened:
        with contextlib.suppress(Exception):
            context.close()


@pytest.fixture
def visit(house: House, chromium: Any) -> Iterator[Callable[..., Visitor]]:
    """visit(username="", size=PHONE, language="zh-hans", scripts=True) opens a browser for that person."""
    with door(house, chromium) as open_for:
        yield open_for


@pytest.fixture(scope="module")
def stay(house: House, chromium: Any) -> Iterator[Callable[..., Visitor]]:
    """As `visit`, but whoever asks for the same person, size and language again goes on in the same browser."""
    with contextlib.ExitStack() as last:
        here: dict[str, Any] = {}

        def same(username: str, *, size: dict[str, int], language: str) -> Visitor:
            asked = (username, tuple(size.values()), language)
            if here.get("asked") != asked:
                here.clear()
                last.close()
                open_for = last.enter_context(door(house, chromium))
                here.update(asked=asked, visitor=open_for(username, size=size, language=language))
            found: Visitor = here["visitor"]
            # What the page before still asks for is nothing of the next one's: forgotten when that one stands. A blank
            # page between them would cost two more processes of Chromium.
            found.faults.clear()
            found.page.once("framenavigated", lambda _frame: found.faults.clear())
            return found

        yield same
