"""Rows of stored pictures. The bytes lie in `store`; a user's file name is nowhere."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .choices import Kind


class Upload(models.Model):
    """One clean picture. A draft (no subject) expires; attached, it lives as long as its subject."""

    key = models.CharField(max_length=32, unique=True)
    subject = models.CharField(max_length=60, default="", blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.PHOTO)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes of the full picture
    sha256 = models.CharField(max_length=64)  # of the full picture
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="files_upload_draft_expires",
                condition=Q(subject="", expires_at__isnull=False) | (~Q(subject="") & Q(expires_at__isnull=True)),
            ),
            models.CheckConstraint(name="files_upload_has_pixels", condition=Q(width__gt=0, height__gt=0, size__gt=0)),
        ]
        indexes = [
            models.Index(fields=["subject", "id"], name="files_upload_subject", condition=~Q(subject="")),
            models.Index(fields=["expires_at"], name="files_upload_expiry", condition=Q(expires_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.key
