"""Contacts of residents (sealed) and the log of their readings. Nothing here can be read without the keys."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Contact(models.Model):
    """How to reach the resident of one subject, sealed. Erased, the row stays as a trace that says when and why."""

    subject = models.CharField(max_length=60)  # "case:123": the room that keeps it says what it means
    purpose = models.CharField(max_length=40)
    sealed = models.BinaryField(null=True)  # {"phone", "name"}, bound to subject and purpose
    key_number = models.PositiveIntegerField()
    consent = models.CharField(max_length=60)  # the version of the text that was agreed to
    kept_by = models.CharField(max_length=60)
    kept_at = models.DateTimeField()
    erase_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)
    erased_by = models.CharField(max_length=60, default="", blank=True)
    erased_why = models.CharField(max_length=40, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="vault_contact_sealed_or_erased",
                condition=Q(erased_at__isnull=True, sealed__isnull=False)
                | Q(erased_at__isnull=False, sealed__isnull=True),
            ),
            models.CheckConstraint(
                name="vault_contact_subject_given", condition=~Q(subject="") & ~Q(purpose="") & ~Q(consent="")
            ),
            models.CheckConstraint(
                name="vault_contact_erase_after_kept", condition=Q(erase_at__gte=models.F("kept_at"))
            ),
            models.CheckConstraint(
                name="vault_contact_erasure_explained", condition=Q(erased_at__isnull=True) | ~Q(erased_why="")
            ),
        ]
        indexes = [
            models.Index(fields=["subject"], name="vault_contact_subject"),
            models.Index(fields=["erase_at"], name="vault_contact_due", condition=Q(erased_at__isnull=True)),
            models.Index(fields=["key_number", "id"], name="vault_contact_key", condition=Q(erased_at__isnull=True)),
        ]


class ReadLog(models.Model):
    """One reading of one contact. Rows are added and, after their retention, removed; never changed."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=60)  # Actor.label: a token, not a name
    contact_id = models.BigIntegerField()
    subject = models.CharField(max_length=60)
    purpose = models.CharField(max_length=40)
    reason = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(name="vault_readlog_reason_given", condition=~Q(reason="") & ~Q(actor=""))
        ]
        indexes = [
            models.Index(fields=["at", "id"], name="vault_readlog_at"),
            models.Index(fields=["actor", "at", "id"], name="vault_readlog_actor"),
            models.Index(fields=["subject", "at"], name="vault_readlog_subject"),
        ]
