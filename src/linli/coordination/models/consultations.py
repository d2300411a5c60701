"""Consultations (区街共商): meetings with an agenda; decisions with a body and a day."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import DecisionState, ItemSource


class Consultation(models.Model):
    """What a consultation adds to its Matter."""

    matter = models.OneToOneField(
        "flow.Matter", primary_key=True, on_delete=models.PROTECT, related_name="consultation"
    )
    meets_at = models.DateTimeField()
    venue = models.CharField(max_length=80, blank=True)
    held_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"consultation {self.pk}"


class AgendaItem(models.Model):
    """One item. The words of its decision lie sealed in the journal line `decided_seq` of the consultation."""

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="items")
    order = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=12, choices=ItemSource)
    subject = models.ForeignKey("flow.Matter", null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=80)  # of a proposed item; never personal
    state = models.CharField(max_length=12, choices=DecisionState, default=DecisionState.LISTED)
    body = models.ForeignKey("organisations.Body", null=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True)
    decided_seq = models.PositiveIntegerField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consultation", "order"], name="one_item_per_place"),
            models.UniqueConstraint(
                fields=["subject"], condition=Q(state__in=["listed", "decided"]), name="one_live_item_per_subject"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["decided", "done"]) | Q(body__isnull=False, due_on__isnull=False),
                name="decided_by_whom_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consultation_id}:{self.order}"
