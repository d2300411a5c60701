"""Who may see and stop a job: who asked for it, the administrators, the system."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.decision import YES, Decision, no

from .choices import OPEN
from .models import Job


def sees_all(actor: Actor) -> bool:
    return actor.kind == "system" or actor.holds({"administrator"})


def scope(actor: Actor, jobs: QuerySet[Job]) -> QuerySet[Job]:
    """The jobs this actor may know of."""
    if sees_all(actor):
        return jobs
    return jobs.none() if actor.id is None else jobs.filter(requested_by=actor.label)


def can_cancel(actor: Actor, job: Job) -> Decision:
    """Only open work can be stopped, and asked only once."""
    if job.state not in OPEN:
        return no("job_ended", _("这项工作已经结束，不用再停止。"))
    if job.cancel_requested:
        return no("job_stopping", _("已经要求停止，正在收尾。"))
    return YES
