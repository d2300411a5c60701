"""Long work of the service circle: the sheets of a subdistrict as one ZIP of PDFs; where the next facilities should stand."""

from __future__ import annotations

import time
import zipfile
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from linli.jobs.registry import register
from linli.jobs.runner import Run
from linli.territory import queries as territory

from .permissions import can_plan, can_read

KIND, SITING = "circle.sheets", "circle.siting"
KEPT_S = 24 * 3600  # a ZIP is fetched soon or made again


def folder() -> Path:
    """Where the ZIPs wait to be fetched; no resident's datum is in them."""
    place = Path(settings.VAR) / "sheets"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def place_of(job_id: object) -> Path:
    return folder() / f"{job_id}.zip"


@register(KIND, label=_("生成一个街道的社区一览"), repeatable=True)
def sheets(run: Run, *, division: str, on: str) -> dict[str, Any]:
    """One PDF for each community of a subdistrict, into a ZIP under the number of the job. Raises Missing."""
    from .web.community_sheets import paper, sheet_context

    can_read(run.actor).or_forbidden()
    for old in folder().iterdir():
        if old.stat().st_mtime < time.time() - KEPT_S:
            old.unlink(missing_ok=True)
    communities = territory.divisions(12, division)
    fresh = folder() / f"{run.job.pk}.part"
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_STORED) as packed:
        for n, community in enumerate(communities):
            run.progress(n, len(communities), _("正在排版"))
            content = paper(sheet_context(run.actor, community.code, date.fromisoformat(on)))
            packed.writestr(f"{community.code}-{community.name}.pdf", content)
    fresh.replace(place_of(run.job.pk))
    run.progress(len(communities), len(communities), _("排好了"))
    return {"division": division, "on": on, "sheets": len(communities)}


@register(SITING, label=_("由程序选址"), repeatable=True)
def site(run: Run, *, asked: dict[str, Any], count: int, aim: str) -> dict[str, Any]:
    """`queries.siting.Sites` as JSON, for what a planner's page asked (the body of its request). Raises Invalid, Missing."""
    from .queries import siting
    from .web import asked as reading

    can_plan(run.actor).or_forbidden()
    question, edits = reading.question(asked), reading.edits(asked)
    found = siting.sites(question, edits, count=count, aim=aim, told=run.progress)
    run.progress(siting.STAGES, siting.STAGES, _("选好了"))
    return asdict(found)
