"""Long work of the evaluation: a run, a book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Refusal
from linli.jobs.registry import register
from linli.jobs.rules import Cancelled, Interrupted
from linli.jobs.runner import Run

STEPS = (_("正在汇集数据"), _("正在测算"), _("正在变换方法和权重"), _("正在分析哪种选择影响最大"), _("测算完了"))


@contextmanager
def _reasons(fail: Callable[[Any], object], stopped: Any, broken: Any) -> Iterator[None]:
    """Work that does not come to its end leaves the reason with its result or book, and rises."""
    try:
        yield
    except Interrupted:  # the worker stops in good order, another one begins again
        raise
    except Cancelled:
        fail(stopped)
        raise
    except Refusal as refusal:
        fail(refusal.message)
        raise
    except Exception:
        fail(broken)
        raise


@register("evaluation.run", label=_("测算综合评价"), repeatable=True)
def run(run: Run, *, result: str, years: list[int], scenario: dict[str, Any], factors: list[Any]) -> dict[str, Any]:
    """Compute what `ask_for_run` queued, on what was in force then. Raises Invalid: the result keeps the reasons."""
    from .actions import results as write

    def told(done: int) -> None:
        run.progress(done, len(STEPS) - 1, STEPS[done])

    with _reasons(
        lambda why: write.fail(id=result, why=why),
        _("测算中途被停止。"),
        _("程序出错，没有测算完。请把编号告诉管理员。"),
    ):
        digest = write.carry_out(actor=run.actor, id=result, years=years, document=scenario, factors=factors, told=told)
    return {"result": result, "digest": digest}


@register("evaluation.book", label=_("编印年报"), repeatable=True)
def book(run: Run, *, book: str) -> dict[str, Any]:
    """Make the files of a book. Raises Refusal: the book keeps the reason."""
    from .actions import books as write

    with _reasons(
        lambda why: write.fail(id=book, why=why),
        _("编印中途被停止。"),
        _("程序出错，年报没有印成。请把编号告诉管理员。"),
    ):
        made = write.carry_out(id=book, actor=run.actor, told=run.progress)
    return {"book": book, "bytes": made}
