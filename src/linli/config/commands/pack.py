"""`linli load-pack`: the district's own data, from a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from linli.config.terminal import Progress

from . import Failed, add


def register(subcommands: Any) -> None:
    parser = add(subcommands, "load-pack", _("装入城区资料包（区划、网格、道路、单位……），可重复装入"), load)
    parser.add_argument("folder", type=Path, nargs="?", help=_("资料包的文件夹，默认 packs/xicheng"))


def load(options: argparse.Namespace) -> int:
    _load(options.folder, only_missing=False)
    return 0


def load_if_missing() -> None:
    _load(None, only_missing=True)


def _load(folder: Path | None, *, only_missing: bool) -> None:
    from django.conf import settings

    from linli.config.pack import STEPS

    place = Path(folder or settings.PACK)
    if not place.is_dir():
        raise Failed(_("没有资料包的文件夹：%(folder)s") % {"folder": place})
    for step in STEPS:
        if only_missing and step.is_loaded():
            continue
        progress = Progress(_("正在装入资料包：%(name)s") % {"name": step.title})
        progress()
        try:
            step.load(place, progress)
        finally:
            progress.close()
