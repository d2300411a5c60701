"""Work for the tests: counts slowly, fails, refuses."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from linli.core.errors import Invalid
from linli.jobs.registry import register
from linli.jobs.runner import Run


def count(run: Run, *, to: int, pause_s: float = 0.0, mark: str = "") -> dict[str, Any]:
    for i in range(to):
        run.progress(i, to, "数数")
        if mark:
            with Path(mark).open("a") as f:
                f.write(f"{os.getpid()} {i}\n")
        time.sleep(pause_s)
    run.progress(to, to)
    return {"counted": to, "asked_by": run.requested_by}


@register("test.fail", label="出错")
def fail(run: Run) -> None:
    raise ZeroDivisionError("a phone number that must not be shown")


@register("test.refuse", label="拒绝")
def refuse(run: Run) -> None:
    raise Invalid("bad_sum", "合计不对。")


register("test.count", label="数数", repeatable=True)(count)
register("test.once", label="只能数一次")(count)
