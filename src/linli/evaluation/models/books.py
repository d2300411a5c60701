"""The yearly book: one edition printed from one released or experimental result."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from ..choices import BookState


class Book(models.Model):
    """Files lie under var/books by `id`; `files`: format -> {"name", "bytes", "digest"}."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    result = models.ForeignKey("evaluation.Result", on_delete=models.PROTECT, related_name="books")
    year = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    language = models.CharField(max_length=10, default="zh-hans")
    state = models.CharField(max_length=8, choices=BookState.choices, default=BookState.MAKING)
    files = models.JSONField(default=dict)
    problem = models.CharField(max_length=400, blank=True)
    job = models.UUIDField(null=True)
    by = models.CharField(max_length=40)
    at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="evaluation_book_state_known", condition=Q(state__in=BookState.values)),
        ]
        indexes = [models.Index(fields=["-at"], name="evaluation_book_at")]
