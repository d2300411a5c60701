"""What a pack folder fills, room by room: one table of steps. The rooms know how; this knows the order."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from linli.core.actor import SYSTEM
from linli.core.errors import Invalid

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """`is_loaded()` is cheap and asked at every start; `load(folder, progress)` may be repeated safely."""

    name: str
    title: Any
    is_loaded: Callable[[], bool]
    load: Callable[[Path, Progress], Any]


def _room(path: str) -> Any:
    return importlib.import_module(f"linli.{path}")


def _load_territory(folder: Path, progress: Progress) -> None:
    _room("territory.actions").load_pack(
        actor=SYSTEM, folder=folder, progress=lambda words, done, total: progress(done, total, words)
    )


def _load_bodies(folder: Path, progress: Progress) -> None:
    report = _room("accounts.actions").load_bodies(actor=SYSTEM, data=(folder / "bodies.csv").read_bytes())
    if not report.loaded:
        lines = [str(problem) for problem in report.problems]
        raise Invalid("bad_bodies", _("单位表不能装入，什么都没有改。"), fields={"bodies.csv": lines})


def _load_classes(folder: Path, progress: Progress) -> None:
    """A pack may bring its own classes and limits; without them the shipped ones are published."""
    own = {name: folder / f"{file}.csv" for name, file in (("classes", "case_classes"), ("limits", "stage_limits"))}
    texts = {name: path.read_text(encoding="utf-8") for name, path in own.items() if path.exists()}
    _room("response.actions").load_catalogue(actor=SYSTEM, **texts)


def _load_routes(folder: Path, progress: Progress) -> None:
    _room("response.actions").load_routes(actor=SYSTEM, text=(folder / "routes.csv").read_text(encoding="utf-8"))


def _has_rows(model: str) -> Callable[[], bool]:
    """Asked at every start, so by the table alone: a room's queries would first load its engines."""
    return lambda: apps.get_model(model)._base_manager.exists()


STEPS = (
    Step("territory", _("区划、网格与地点"), _has_rows("territory.Revision"), _load_territory),
    Step("bodies", _("单位"), _has_rows("organisations.Body"), _load_bodies),
    Step("classes", _("问题类型与时限"), _has_rows("response.CaseClass"), _load_classes),
    Step("routes", _("派遣表"), _has_rows("response.Route"), _load_routes),
)
