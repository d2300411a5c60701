"""Plans: what a planner would add, move or take away, on the facilities of one day."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import EditKind


class Plan(models.Model):
    """`share` is the unguessable part of its address; empty while it is not shared. `version` is swapped by every change."""

    name = models.CharField(max_length=100)
    note = models.CharField(max_length=400, blank=True)
    catalogue = models.ForeignKey("circle.Catalogue", on_delete=models.PROTECT, related_name="+")
    district = models.CharField(max_length=6)
    as_of = models.DateField()
    pace = models.SlugField(max_length=20)
    owner = models.CharField(max_length=40)  # Actor.label
    share = models.CharField(max_length=32, blank=True, db_index=True)
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)


class PlanEdit(models.Model):
    """One change in a plan. `facility` is what it moves or removes; an added one has items of its own."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="edits")
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=EditKind.choices)
    facility = models.ForeignKey("circle.Facility", null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100, blank=True)
    items = models.JSONField(default=list)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "order"], name="circle_plan_edit_order"),
            models.CheckConstraint(
                name="circle_plan_edit_whole",
                condition=Q(kind=EditKind.ADD, facility__isnull=True, lon__isnull=False, lat__isnull=False)
                | Q(kind=EditKind.MOVE, facility__isnull=False, lon__isnull=False, lat__isnull=False)
                | Q(kind=EditKind.REMOVE, facility__isnull=False),
            ),
        ]
