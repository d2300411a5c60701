"""Tables on their way in: what was read of a file, until somebody confirms or lets it go; then only what undo needs."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Upload(models.Model):
    """One file. Only the columns that were asked for are kept, never the file; the rows go when it is decided."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)  # SHA-256 of the file
    rows = models.JSONField(null=True)
    refused = models.JSONField(default=list)
    refused_count = models.PositiveIntegerField(default=0)
    found = models.JSONField(default=list)  # the keys of the columns that the file has
    notes = models.JSONField(default=list)
    actor = models.CharField(max_length=40)
    at = models.DateTimeField(db_index=True)
    confirmed_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    memo = models.JSONField(null=True)
    revision_after = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(confirmed_at__isnull=False), name="undone_was_confirmed"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(memo__isnull=False), name="confirmed_can_be_undone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
