"""Campaigns (专项行动): a named set of classes and places for a period. Its figures are counted from the cases."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ..choices import CampaignState


class Campaign(models.Model):
    """`classes` and `divisions` are codes parted by spaces (prefixes count); `version` is swapped by every change."""

    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120, blank=True)
    aim = models.CharField(max_length=200, blank=True)
    classes = models.TextField()
    divisions = models.TextField()
    first_day = models.DateField()
    last_day = models.DateField()
    body = models.ForeignKey("organisations.Body", null=True, on_delete=models.PROTECT, related_name="+")  # leads
    state = models.CharField(max_length=12, choices=CampaignState, default=CampaignState.DRAFT)
    simulated = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    made_by = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="campaign_days_in_order"),
            models.CheckConstraint(condition=Q(state__in=CampaignState.values), name="campaign_state_known"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(classes="") & ~Q(divisions=""), name="campaign_of_what"),
        ]

    def __str__(self) -> str:
        return self.name
