"""Job: one piece of long work as people see it. WorkerBeat: which workers are alive."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from .choices import OPEN, State


class Job(models.Model):
    """`attempt` fences workers: only the one that holds the current attempt may write."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    message = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.CharField(max_length=400, blank=True)
    return_url = models.CharField(max_length=200, blank=True)
    requested_by = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=64, blank=True)
    task = models.UUIDField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "heartbeat_at"], name="job_state_beat"),
            models.Index(fields=["requested_by", "-created_at"], name="job_requested"),
            models.Index(fields=["-created_at"], name="job_created"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(done__gte=0) & Q(total__gte=0) & (Q(total=0) | Q(done__lte=F("total"))),
                name="job_done_in_total",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=OPEN) & Q(finished_at__isnull=True))
                | (~Q(state__in=OPEN) & Q(finished_at__isnull=False)),
                name="job_end_has_time",
            ),
        ]


class WorkerBeat(models.Model):
    """One row a worker; rows of dead workers are removed by the sweep."""

    worker = models.CharField(primary_key=True, max_length=64)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
