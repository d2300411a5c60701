"""Long work of imports: check a large file, write it, clear what an undone one left. Each may be repeated."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from linli.accounts import queries as accounts
from linli.core.actor import SYSTEM, Actor
from linli.jobs.registry import register
from linli.jobs.runner import Run

CHECK, WRITE, CLEAR = "circle.import.check", "circle.import.write", "circle.import.clear"


def _asked_by(run: Run) -> Actor:
    """Whoever asked, with the posts held now: each row is asked for its own place."""
    kind, _colon, number = run.requested_by.partition(":")
    return accounts.actor_for(int(number)) if kind == "person" else SYSTEM


@register(CHECK, label=_("核对要导入的设施"), repeatable=True)
def check(run: Run, *, id: int, language: str) -> dict[str, Any]:
    """Look at every row; the page shows what was kept."""
    from .actions import imports as write  # what it needs of arrays is loaded where it is used

    with translation.override(language):
        found = write.check(
            actor=_asked_by(run), id=id, progress=lambda done, total: run.progress(done, total, _("正在逐行核对"))
        )
    return {"import": id, "taken": found.taken, "refused": len(found.refused)}


@register(WRITE, label=_("导入设施"), repeatable=True)
def write_all(run: Run, *, id: int, language: str) -> dict[str, Any]:
    """Write in parts, then show; taken up where it was cut short."""
    from .actions import imports as write  # what it needs of arrays is loaded where it is used

    with translation.override(language):
        done = write.write(
            actor=_asked_by(run), id=id, progress=lambda done, total: run.progress(done, total, _("正在写入，写完以前谁也看不到"))
        )  # fmt: skip
    return {"import": id, "added": done.report["added"], "changed": done.report["changed"]}


@register(CLEAR, label=_("清理撤销的导入"), repeatable=True)
def clear(run: Run, *, id: int, language: str) -> dict[str, Any]:
    """What was undone is hidden already; here it goes."""
    from .actions import imports as write  # what it needs of arrays is loaded where it is used

    with translation.override(language):
        gone = write.clear(
            actor=_asked_by(run), id=id, progress=lambda done, total: run.progress(done, total, _("正在清理"))
        )
    return {"import": id, "cleared": gone}
