"""What a pack folder fills, room by room: one table of steps. The rooms know how; this knows the order."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linli.core.actor import SYSTEM

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """`is_loaded()` is cheap and asked at every start; `load(folder, progress)` may be repeated safely."""

    name: str
    is_loaded: Callable[[], bool]
    load: Callable[[Path, Progress], Any]


def _room(path: str) -> Any:
    return importlib.import_module(f"linli.{path}")


def _load_bodies(folder: Path, progress: Progress) -> None:
    report = _room("accounts.actions").load_bodies(actor=SYSTEM, data=(folder / "bodies.csv").read_bytes())
    for problem in report.problems:
        progress(0, 0, str(problem))


STEPS = (
    Step(
        "territory",
        lambda: bool(_room("territory.queries").revision()),
        lambda folder, progress: _room("territory.actions").load_pack(actor=SYSTEM, folder=folder, progress=progress),
    ),
    Step("bodies", lambda: bool(_room("organisations.queries").revision()), _load_bodies),
)
