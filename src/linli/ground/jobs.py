"""Long work of the ground: a change is carried out, or taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Refusal
from linli.jobs.registry import register
from linli.jobs.rules import Interrupted
from linli.jobs.runner import Run

BROKEN = _("程序出错，没有做完。可以再试一次；已经做好的不会重做。")


def _through(work: Callable[..., dict[str, Any]], run: Run, change: int) -> dict[str, Any]:
    """Work that does not come to its end leaves the reason with the change, and rises."""
    from .actions import carrying

    try:
        return work(change_id=change, tell=run.progress)
    except Interrupted:  # the worker stops in good order, another one begins again
        raise
    except Refusal as refusal:
        carrying.fail(change_id=change, why=refusal.message)
        raise
    except Exception:
        carrying.fail(change_id=change, why=BROKEN)
        raise


@register("ground.carry_out", label=_("改划网格和界线"), repeatable=True)
def carry_out(run: Run, *, change: int) -> dict[str, Any]:
    """An approved change on its day."""
    from .actions import carrying

    return _through(carrying.carry_out, run, change)


@register("ground.undo", label=_("撤销改划"), repeatable=True)
def undo(run: Run, *, change: int) -> dict[str, Any]:
    """The way back of the last change."""
    from .actions import carrying

    return _through(carrying.undo, run, change)


@register("ground.design", label=_("自动划分网格"), repeatable=True)
def design(run: Run, *, change: int, version: int, asked: dict[str, Any]) -> dict[str, Any]:
    """A draft divided anew. Whatever ends it without a design, the draft can be designed again."""
    from .actions import designs

    try:
        return designs.carry_out_design(
            change_id=change, version=version, asked=asked, by=run.requested_by, tell=run.progress
        )
    except Interrupted:
        raise
    except BaseException:
        designs.design_failed(change_id=change)
        raise


@register("ground.net_layer", label=_("读一张网"), repeatable=True)
def net_layer(run: Run, *, layer: int) -> dict[str, Any]:
    """A file of a net's cells, staged."""
    from .actions import layers

    try:
        return layers.read_layer(layer_id=layer, tell=run.progress)
    except Interrupted:
        raise
    except BaseException:
        layers.reading_failed(layer_id=layer, why=BROKEN)
        raise


@register("ground.merge", label=_("比对三张网"), repeatable=True)
def merge(run: Run, *, merger: int) -> dict[str, Any]:
    """The nets in force beside the base grid."""
    from .actions import mergers

    try:
        return mergers.compute(merger_id=merger, tell=run.progress)
    except Interrupted:
        raise
    except BaseException:
        mergers.computing_failed(merger_id=merger, why=BROKEN)
        raise
