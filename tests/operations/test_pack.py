"""A start loads what the pack holds anew, through the checked actions, and leaves what people changed since."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linli.config import pack
from linli.core.actor import SYSTEM
from linli.core.errors import Invalid
from linli.organisations import actions as organisations
from linli.organisations.models import Body
from linli.response.models import Route
from linli.territory import actions as territory
from linli.territory.models import PackPart, Revision

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SHIPPED = Path(__file__).resolve().parents[2] / "packs" / "xicheng"


class Silent:
    """Nobody watches."""

    def __init__(self, title: Any) -> None: ...
    def __call__(self, *_args: Any) -> None: ...
    def close(self) -> None: ...


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped pack, of which the tests change their own copy; the background tiles are not what is tried here."""
    shutil.copytree(SHIPPED, tmp_path / "pack")
    real = territory.load_pack
    monkeypatch.setattr(territory, "load_pack", lambda **more: real(**more, with_tiles=False))
    return tmp_path / "pack"


def start(folder: Path) -> list[str]:
    return pack.refresh(folder, everything=False, progress=Silent)


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def test_a_start_loads_what_is_new_and_only_that(
    folder: Path, caplog: pytest.LogCaptureFixture, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    assert start(folder) == [step.name for step in pack.STEPS]
    with django_assert_num_queries(1 + len(pack.STEPS)):  # what is remembered, and of each part whether there is any
        assert start(folder) == []

    before, routes = Revision.objects.get().turn, Route.objects.count()
    edit(folder / "routes.csv", lambda text: "\n".join(text.splitlines()[:-1]) + "\n")
    edit(folder / "pack.json", lambda text: text.replace('"boundary_note": "', '"boundary_note": "新版。'))
    with caplog.at_level(logging.INFO, "linli.pack"):
        assert start(folder) == ["territory", "routes", "circle_ground"]  # pack.json also dates the network
    assert Revision.objects.get().turn != before and Route.objects.count() == routes - 1
    said = {record.getMessage().split(":")[0] for record in caplog.records}
    assert said == {f"pack part {name} loaded again" for name in ("territory", "routes", "circle_ground")}
    assert start(folder) == []


def test_what_people_changed_since_stays(folder: Path) -> None:
    start(folder)
    mine, theirs = Body.objects.order_by("code")[:2]
    organisations.rename_body(actor=SYSTEM, body_id=mine.pk, name="大家改过的名字", short_name="改过")
    edit(
        folder / "bodies.csv",
        lambda text: text.replace(f"{theirs.code},{theirs.name},", f"{theirs.code},资料包的新名,"),
    )
    assert start(folder) == ["bodies"]
    assert Body.objects.get(pk=mine.pk).name == "大家改过的名字"
    assert Body.objects.get(pk=theirs.pk).name == "资料包的新名"
    PackPart.objects.filter(name="bodies").delete()  # an installation from before parts were remembered
    assert start(folder) == []
    assert Body.objects.get(pk=mine.pk).name == "大家改过的名字" and PackPart.objects.filter(name="bodies").exists()


def test_a_newer_part_that_is_refused_stops_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    start(folder)
    routes = Route.objects.count()
    edit(folder / "routes.csv", lambda text: text + "110102018,0102,no-such-body,provisional,x\n")
    with caplog.at_level(logging.WARNING, "linli.pack"):
        assert start(folder) == []
    assert Route.objects.count() == routes and "routes is newer but was refused" in caplog.text
    assert "bad_catalogue" in caplog.text
    with pytest.raises(Invalid):  # whoever asks for it hears why
        pack.refresh(folder, everything=True, progress=Silent)
