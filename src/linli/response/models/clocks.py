"""What moves a due time of a case, and the ladder that presses when it runs out."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ..choices import LadderAct, LadderTrigger, TimeKind, TimeState, Urgency


class TimeChange(models.Model):
    """A pause, an extension or 缓办: asked with a reason (sealed in the journal), granted or refused by a chief."""

    case = models.ForeignKey("response.Case", on_delete=models.PROTECT, related_name="time_changes")
    kind = models.CharField(max_length=12, choices=TimeKind)
    state = models.CharField(max_length=12, choices=TimeState, default=TimeState.ASKED)
    amount = models.PositiveIntegerField(null=True)  # an extension's
    unit = models.CharField(max_length=16, default="", blank=True)
    until = models.DateTimeField(null=True)  # when a pause is planned to end; 缓办 always says it
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=40)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=40, default="", blank=True)
    starts_at = models.DateTimeField(null=True)  # from when the clock stands still
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="asked"), name="one_open_time_request"),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state="granted", ended_at__isnull=True, kind__in=["pause", "defer"]),
                name="one_running_pause",
            ),
            models.CheckConstraint(
                condition=Q(kind="extend", amount__gt=0) | Q(kind__in=["pause", "defer"], amount__isnull=True),
                name="extension_says_how_much",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(starts_at__isnull=True) | Q(ended_at__gte=F("starts_at")),
                name="pause_in_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["until"],
                condition=Q(state="granted", ended_at__isnull=True, until__isnull=False),
                name="pause_by_planned_end",
            )
        ]


class LadderRule(models.Model):
    """One rung: when it is reached (催办 → 督办 → 提级), by whom it is seen. Data with provenance, replaced as a whole."""

    order = models.PositiveSmallIntegerField()
    trigger = models.CharField(max_length=16, choices=LadderTrigger)
    stage = models.CharField(max_length=24, default="", blank=True)  # '' every stage
    urgency = models.CharField(max_length=12, choices=Urgency, default="", blank=True)
    amount = models.PositiveIntegerField()
    unit = models.CharField(max_length=16, default="", blank=True)  # '' for counts
    act = models.CharField(max_length=12, choices=LadderAct)
    provenance = models.CharField(max_length=12)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order"], name="one_rung_per_order")]
