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
    _load(options.folder, everything=True)
    return 0


def load_if_missing() -> None:
    """At a start: what is not there yet, and what the folder holds newer than what was loaded."""
    _load(None, everything=False)


def _load(folder: Path | None, *, everything: bool) -> None:
    from django.conf import settings

    from linli.config import pack

    place = Path(folder or settings.PACK)
    if not place.is_dir():
        raise Failed(_("没有资料包的文件夹：%(folder)s") % {"folder": place})

    def progress(title: object) -> Progress:
        shown = Progress(_("正在装入资料包：%(name)s") % {"name": title})
        shown()
        return shown

    pack.refresh(place, everything=everything, progress=progress)
