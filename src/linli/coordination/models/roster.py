"""The duty roster: which body is on call in which shift, at which duty telephone. Accounts, never private numbers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import Provenance, SlotState


class Shift(models.Model):
    """A shift of a division: from `starts` to `ends` (a shift that ends earlier than it starts ends the next day)."""

    division = models.CharField(max_length=9)
    code = models.SlugField(max_length=24)
    name = models.CharField(max_length=24)
    name_en = models.CharField(max_length=48)
    starts = models.TimeField()
    ends = models.TimeField()
    order = models.PositiveSmallIntegerField(default=0)
    in_force = models.BooleanField(default=True)
    provenance = models.CharField(max_length=12, choices=Provenance)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["division", "code"], name="one_shift_per_code"),
        ]

    def __str__(self) -> str:
        return f"{self.division} {self.code}"


class RosterWeek(models.Model):
    """What a change of the roster swaps first: one row a division and week. `memo` is what undoes the last change."""

    division = models.CharField(max_length=9)
    monday = models.DateField()
    version = models.PositiveIntegerField(default=0)
    memo = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["division", "monday"], name="one_roster_week")]

    def __str__(self) -> str:
        return f"{self.division} {self.monday}"


class DutySlot(models.Model):
    """One body on call in one shift of one day. `account` is who leads it, if named; `telephone` is the body's desk."""

    division = models.CharField(max_length=9)
    day = models.DateField()
    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="+")
    body = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("accounts.Account", null=True, on_delete=models.PROTECT, related_name="+")
    telephone = models.CharField(max_length=24, blank=True)
    state = models.CharField(max_length=12, choices=SlotState, default=SlotState.ON)
    simulated = models.BooleanField(default=False)
    changed_by = models.CharField(max_length=40)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["division", "day", "shift", "body"], condition=Q(state="on"), name="one_slot_per_body"
            ),
        ]
        indexes = [models.Index(fields=["division", "day"], name="slot_by_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.shift_id} {self.body_id}"
