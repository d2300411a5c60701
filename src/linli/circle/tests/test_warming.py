"""What the first visitor would wait for is there beforehand: compiled once, read when a process starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linli.circle import kernels, matrices, network, queries
from linli.circle.actions import load
from linli.circle.queries import packed
from linli.circle.queries.around import around
from linli.config.commands import preparation
from linli.core import clock
from linli.core.actor import SYSTEM

from .test_coverage import AREA


def test_the_engine_is_compiled_once_for_the_same_sources(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR, done = tmp_path, []
    monkeypatch.setattr(kernels, "compile_all", lambda: done.append(1))
    assert preparation.compile_engines() and not preparation.compile_engines() and done == [1]
    monkeypatch.setattr(kernels, "mark", lambda: "other sources")
    assert preparation.compile_engines() and done == [1, 1]


def test_the_block_that_is_compiled_on_reaches_what_pages_reach() -> None:
    kernels.compile_all()  # raises where an engine's door has moved


@pytest.mark.django_db
def test_nothing_is_warmed_where_nothing_is_loaded(xicheng: object) -> None:
    queries.warm()


@pytest.mark.django_db
def test_what_was_warmed_is_not_made_again(facilities: int, streets: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load.load_homes(actor=SYSTEM, areas=AREA, source="test")
    asked: list[tuple[float, float]] = []

    def seen(*, lon: float, lat: float, pace: str = "") -> Any:
        asked.append((lon, lat))
        return around(lon=lon, lat=lat, pace=pace)

    monkeypatch.setattr("linli.circle.queries.warming.around", seen)
    queries.warm()
    before = [f.cache_info().misses for f in (network._streets, network._ground, matrices._feet, packed._packed)]
    for steps in (True, False):
        network.ground(steps)
        matrices.feet(clock.today(), steps)
        packed.packed(steps)
    after = [f.cache_info().misses for f in (network._streets, network._ground, matrices._feet, packed._packed)]
    assert before == after and len(asked) == 1
