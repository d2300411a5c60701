"""`linli screenshots`: the pictures of the README, taken from a running demonstration by Debian's Chromium."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from . import Failed, add

DESK, PHONE, WALL = (1440, 900), (390, 844), (1920, 1080)
BROWSER = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its file's name, the page, who looks at it ("" is a resident, else one of the cast).

    `then` is the selector of a link on that page which is followed before the picture is taken.
    """

    name: str
    path: str
    account: str = ""
    size: tuple[int, int] = DESK
    dark: bool = False
    then: str = ""


SHOTS = (
    Shot("home", "/"),
    Shot("report", "/report/", size=PHONE),
    Shot("desk", "/desk/", "operator"),
    Shot("inbox", "/inbox/?tab=today", "operator"),
    Shot("case", "/inbox/?tab=today", "operator", then="main a[href^='/cases/2']"),
    Shot("field", "/field/", "grid-niujie", size=PHONE),
    Shot("command", "/command/", "chief"),
    Shot("command-dark", "/command/", "chief", dark=True),
    Shot("wall", "/command/?wall=1", "chief", size=WALL),
    Shot("command-subdistrict", "/command/110102018/", "chief-niujie"),
)


def register(subcommands: Any) -> None:
    parser = add(subcommands, "screenshots", _("从演示里拍 README 的图片（需要 Chromium）"), screenshots)
    parser.add_argument("--to", type=Path, default=None, help=_("放图片的文件夹，默认 docs/pictures"))
    parser.add_argument("--address", default="", help=_("已经在运行的演示；不给则自己启动一个"))
    parser.add_argument("names", nargs="*", help=_("只拍这几张"))


def screenshots(options: argparse.Namespace) -> int:
    from django.conf import settings

    chromium = shutil.which("chromium")
    if chromium is None:
        raise Failed(_("没有 Chromium：apt-get install chromium fonts-noto-cjk"))
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as missing:
        raise Failed(_("没有 Playwright：请用 make screenshots，它会装好。")) from missing
    folder = options.to or settings.ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with _demonstration(options.address) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=list(BROWSER))
        for shot in SHOTS:
            if not options.names or shot.name in options.names:
                _take(browser, address, shot, folder / f"{shot.name}.png")
        browser.close()
    return 0


def _take(browser: Any, address: str, shot: Shot, file: Path) -> None:
    width, height = shot.size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        device_scale_factor=2 if shot.size == PHONE else 1,
        color_scheme="dark" if shot.dark else "light",
        locale="zh-CN",
    )
    if shot.account:
        username, password = _account(shot.account)
        page.goto(f"{address}/login/")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", password)
        with page.expect_navigation():
            page.press("input[name=password]", "Enter")
    answer = page.goto(f"{address}{shot.path}", wait_until="load")
    if answer is None or answer.status >= 400:
        raise Failed(_("%(path)s 打不开（%(status)s）") % {"path": shot.path, "status": answer and answer.status})
    if shot.then:
        link = page.locator(shot.then).first
        page.goto(f"{address}{link.get_attribute('href')}", wait_until="load")
    page.wait_for_timeout(1500)  # the map draws its tiles after load
    page.screenshot(path=file)
    page.close()
    print(file)


def _account(username: str) -> tuple[str, str]:
    """A demonstration account and its password."""
    from linli.testing import cast

    for name, password, _title in cast.cast_passwords():
        if name == username:
            return name, password
    raise Failed(_("没有这个演示账号：%(name)s") % {"name": username})


@contextmanager
def _demonstration(address: str) -> Iterator[str]:
    """The given address, or a demonstration of our own in a folder of its own, stopped afterwards."""
    if address:
        yield address.rstrip("/")
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="linli-pictures-") as var:
        environment = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1", "LINLI_VAR": var, "DATABASE_URL": ""}
        process = subprocess.Popen(
            [sys.executable, "-m", "linli.config.cli", "run", "--demonstration"], env=environment
        )
        try:
            _wait(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _second in range(240):
        if process.poll() is not None:
            raise Failed(_("演示没有启动成功。"))
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=2)  # noqa: S310 - our own loopback address
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(1)
    raise Failed(_("演示没有启动成功。"))
