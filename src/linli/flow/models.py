"""Matter, Journal, Sealed, Outbox, Seal, and the versioned types. Written by `actions` and `relay` only."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class TypeVersion(models.Model):
    """One version of a matter type. A matter keeps the version it was opened with for ever."""

    STATES = [("draft", "草稿"), ("published", "已发布"), ("retired", "已停用")]

    kind = models.CharField(max_length=24)
    code = models.CharField(max_length=32)
    state = models.CharField(max_length=12, choices=STATES, default="draft")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    variant = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], condition=Q(state="published"), name="one_published_type"),
            models.UniqueConstraint(fields=["kind", "code"], condition=Q(state="draft"), name="one_draft_type"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="type_validity_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code} ({self.state})"


class Matter(models.Model):
    """Anything that moves by verbs. `title` never holds personal data; free text lives in Sealed."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=24)
    type_version = models.ForeignKey(TypeVersion, null=True, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children", db_index=False)
    client_key = models.CharField(max_length=80, null=True, unique=True)
    title = models.CharField(max_length=80)
    simulated = models.BooleanField(default=False)

    stage = models.CharField(max_length=24)
    version = models.PositiveIntegerField(default=1)
    seq = models.PositiveIntegerField(default=1)
    head = models.CharField(max_length=64)

    area = models.CharField(max_length=15)  # the division that answers now; rewritten when borders move
    subdistrict = models.CharField(max_length=9, default="")
    community = models.CharField(max_length=12, default="")
    grid_at_intake = models.CharField(max_length=15, default="")  # never changes
    body = models.ForeignKey(
        "organisations.Body", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    post_kind = models.CharField(max_length=24, default="")

    opened_at = models.DateTimeField()
    stage_started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    final_due_at = models.DateTimeField(null=True)
    due_note = models.CharField(max_length=200, default="", blank=True)
    due_provisional = models.BooleanField(default=False)
    due_revision = models.PositiveIntegerField(default=0)  # the revision of the working calendar that gave these times
    alarm_at = models.DateTimeField(null=True)  # when a rule acts by itself: a rung of the ladder, a planned end
    rungs = models.TextField(default="", blank=True)  # what was reached in this stage: marks of the ladder's rungs
    closed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")), name="closed_after_opened"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("opened_at")), name="ended_after_opened"
            ),
            models.CheckConstraint(
                condition=Q(community="") | Q(community__startswith=F("subdistrict")), name="community_in_subdistrict"
            ),
        ]
        indexes = [
            models.Index(fields=["subdistrict", "stage", "id"], condition=Q(ended_at=None), name="open_by_subdistrict"),
            models.Index(fields=["community", "stage", "id"], condition=Q(ended_at=None), name="open_by_community"),
            models.Index(fields=["stage", "due_at", "id"], condition=Q(ended_at=None), name="open_by_stage_due"),
            models.Index(fields=["body", "due_at"], condition=Q(ended_at=None), name="open_by_body_due"),
            models.Index(
                fields=["post_kind", "due_at"], condition=Q(ended_at=None) & ~Q(post_kind=""), name="open_by_post"
            ),
            models.Index(fields=["alarm_at", "id"], condition=Q(alarm_at__isnull=False), name="matter_by_alarm"),
            models.Index(fields=["parent", "id"], condition=Q(parent__isnull=False), name="matter_by_parent"),
            models.Index(fields=["subdistrict", "id"], name="all_by_subdistrict"),
            models.Index(fields=["community", "id"], name="all_by_community"),
            models.Index(fields=["body", "id"], name="all_by_body"),
            models.Index(fields=["opened_at"], name="by_opened"),
            models.Index(fields=["closed_at"], name="by_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} {self.stage}"


class Journal(models.Model):
    """One line of what happened. `body` is canonical text; `hash` covers it and the line before."""

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="journal", db_index=False)
    seq = models.PositiveIntegerField()
    verb = models.CharField(max_length=24)
    actor = models.CharField(max_length=40)
    at = models.DateTimeField()
    body = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["matter", "seq"], name="one_line_per_seq")]
        indexes = [models.Index(fields=["at"], name="journal_by_at")]  # what happened on a day, over all matters

    def __str__(self) -> str:
        return f"{self.matter_id}#{self.seq} {self.verb}"


class Sealed(models.Model):
    """The personal part of a journal line, encrypted. Salt and text are erased together; the digest stays valid."""

    journal = models.OneToOneField(Journal, primary_key=True, on_delete=models.PROTECT, related_name="sealed")
    salt = models.BinaryField(null=True)
    ciphertext = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(salt__isnull=False, ciphertext__isnull=False, erased_at__isnull=True)
                | Q(salt__isnull=True, ciphertext__isnull=True, erased_at__isnull=False),
                name="sealed_or_erased",
            )
        ]


class Outbox(models.Model):
    """What others may hear, in the one order that the relay gives: ids commit out of order, positions do not."""

    journal = models.OneToOneField(Journal, on_delete=models.PROTECT, related_name="+")
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.BigIntegerField(null=True, unique=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(position=None), name="outbox_unstamped")]


class Cursor(models.Model):
    """How far a subscriber has read, and what stopped it."""

    name = models.CharField(max_length=64, primary_key=True)
    position = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, default="", blank=True)
    next_try_at = models.DateTimeField(null=True)


class Seal(models.Model):
    """A keyed hash over all journal lines up to `position`, chained to the seal before it."""

    made_at = models.DateTimeField()
    position = models.BigIntegerField(unique=True)
    count = models.BigIntegerField()
    root = models.CharField(max_length=64)
    mac = models.CharField(max_length=80)


class RezonedBatch(models.Model):
    """What one batch of a change of borders wrote (flow.rezone): enough to put the old codes back. Number 0 begins it."""

    change = models.UUIDField()
    number = models.PositiveIntegerField()
    count = models.PositiveIntegerField()
    packed = models.BinaryField()  # ids, old areas, new areas; of number 0 the last matter of before
    digest = models.CharField(max_length=64)
    undone_at = models.DateTimeField(null=True)
    left = models.JSONField(default=dict)  # how many could not be put back, by reason

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "number"], name="one_batch_per_number")]

    def __str__(self) -> str:
        return f"{self.change}#{self.number} {self.count}"
