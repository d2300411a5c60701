"""A change of the ground: a new grid, or borders that move. What it does is in its lines or in its draft of a grid."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import ChangeKind, LineKind


class GroundChange(models.Model):
    """What a change adds to its Matter. `base`: the territory's revision that it was drafted on; `turn`: the one it
    made; `said`: what was counted before and after. `version` of the matter is swapped by every edit.
    """

    matter = models.OneToOneField(
        "flow.Matter", primary_key=True, on_delete=models.PROTECT, related_name="ground_change"
    )
    kind = models.CharField(max_length=12, choices=ChangeKind)
    name = models.CharField(max_length=80)
    effective_on = models.DateField(null=True)
    base = models.CharField(max_length=32)
    turn = models.CharField(max_length=40, blank=True)
    rezone_key = models.UUIDField(null=True)  # under which the bulk rewriting of matters keeps what it changed
    said = models.JSONField(default=dict, blank=True)
    submitted_by = models.CharField(max_length=40, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=ChangeKind.values), name="ground_change_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ChangeLine(models.Model):
    """One line of a border change: `old` (9, 12 or 15 digits; "" for a new division) becomes or goes into `new`."""

    change = models.ForeignKey(GroundChange, on_delete=models.CASCADE, related_name="lines")
    order = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=LineKind)
    old = models.CharField(max_length=15, blank=True)
    new = models.CharField(max_length=15)
    name = models.CharField(max_length=100, blank=True)
    short_name = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "order"], name="one_change_line_per_place"),
            models.UniqueConstraint(fields=["change", "old"], condition=~Q(old=""), name="one_change_line_per_code"),
            models.CheckConstraint(condition=Q(kind__in=LineKind.values), name="change_line_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.old}>{self.new}"
