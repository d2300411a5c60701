"""What is compared: the nation, provinces, districts, subdistricts, by their code of GB/T 2260 (or 9 and 12 digits below)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ..choices import NameKind, Provenance, UnitEvent, UnitLevel


class Unit(models.Model):
    """`since` and `until` are the first and last year in which the code stands for this area; null: always, still.

    `labels` (name -> value, {"region": "东部"}) are what group means and comparisons go by.
    """

    code = models.CharField(max_length=12, unique=True)
    level = models.CharField(max_length=12, choices=UnitLevel.choices)
    parent = models.CharField(max_length=12, blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=60)
    short = models.CharField(max_length=30, blank=True)
    name_en = models.CharField(max_length=80, blank=True)
    labels = models.JSONField(default=dict)
    since = models.PositiveSmallIntegerField(null=True)
    until = models.PositiveSmallIntegerField(null=True)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="evaluation_unit_level_known", condition=Q(level__in=UnitLevel.values)),
            models.CheckConstraint(
                name="evaluation_unit_code_digits", condition=Q(code__regex=r"^([0-9]{6}|[0-9]{9}|[0-9]{12})$")
            ),
            models.CheckConstraint(
                name="evaluation_unit_span", condition=Q(since=None) | Q(until=None) | Q(since__lte=F("until"))
            ),
        ]


class UnitName(models.Model):
    """A text by which sources call a unit. `plain` is what texts are compared by (`rules.plain_name`)."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="names")
    text = models.CharField(max_length=80)
    plain = models.CharField(max_length=80, db_index=True)
    kind = models.CharField(max_length=12, choices=NameKind.choices)
    source = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "plain"], name="evaluation_unit_name_once"),
            models.CheckConstraint(name="evaluation_unit_name_kind", condition=Q(kind__in=NameKind.values)),
        ]


class UnitChange(models.Model):
    """A merger, split or new name, from a day on: figures from before are read with it in mind, never added silently."""

    event = models.CharField(max_length=8, choices=UnitEvent.choices)
    before = models.CharField(max_length=12)
    after = models.CharField(max_length=12)
    on = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "before", "after", "on"], name="evaluation_unit_change_once"),
            models.CheckConstraint(name="evaluation_unit_event_known", condition=Q(event__in=UnitEvent.values)),
        ]
