"""The states of a job."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    QUEUED = "queued", _("排队中")
    RUNNING = "running", _("进行中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("没有完成")
    CANCELLED = "cancelled", _("已停止")
    LOST = "lost", _("已中断")


OPEN = (State.QUEUED, State.RUNNING)
