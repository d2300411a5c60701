"""What sources said, cell by cell, and who brought it. Observations are only ever added; a delivery may be undone whole."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from ..choices import DeliveryState, ObsStatus, RulingKind


class Publication(models.Model):
    """Where figures come from: a yearbook, a site, a bulletin, this platform."""

    code = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=160)
    title_en = models.CharField(max_length=200, blank=True)
    publisher = models.CharField(max_length=120)
    licence = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=400, blank=True)


class Delivery(models.Model):
    """One file, or one count by the platform. `vintage`: the day as of which its source published it.

    `staged`: the rows of the preview, until it is decided. `refused`: [row, column, value, sentence, code].
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="deliveries")
    vintage = models.DateField()
    edition = models.CharField(max_length=80, blank=True)
    form = models.SlugField(max_length=20)  # nbs, yearbook, plain, sdmx, platform
    file_name = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)  # SHA-256 of the file
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.STAGED)
    staged = models.JSONField(null=True)
    refused = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    rows = models.PositiveIntegerField(default=0)
    by = models.CharField(max_length=40)
    at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="evaluation_delivery_state",
                condition=Q(state=DeliveryState.STAGED, applied_at=None, undone_at=None)
                | Q(state=DeliveryState.APPLIED, applied_at__isnull=False, undone_at=None)
                | Q(state=DeliveryState.UNDONE, applied_at__isnull=False, undone_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "-applied_at"], name="evaluation_delivery_state_at")]


class Observation(models.Model):
    """One cell. `value` is null where the source had none, and `status` says why; `raw` is what stood there."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="observations")
    series = models.ForeignKey("evaluation.Series", on_delete=models.PROTECT, related_name="observations")
    unit = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    value = models.FloatField(null=True)
    status = models.CharField(max_length=1, choices=ObsStatus.choices, default=ObsStatus.NORMAL)
    method = models.CharField(max_length=40, blank=True)
    raw = models.CharField(max_length=60, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "series", "unit", "year"], name="evaluation_cell_once"),
            models.CheckConstraint(name="evaluation_cell_status_known", condition=Q(status__in=ObsStatus.values)),
            models.CheckConstraint(
                name="evaluation_cell_value_or_reason",
                condition=Q(value__isnull=False) | Q(status__in=["M", "L", "N", "Q"]),
            ),
            models.CheckConstraint(name="evaluation_cell_year", condition=Q(year__gte=1900) & Q(year__lte=2200)),
        ]
        indexes = [models.Index(fields=["series", "year", "unit"], name="evaluation_cell_series_year")]


class Ruling(models.Model):
    """What somebody decided about a finding: cells of a series in a year are right after all, or are not used.

    `unit` empty: all units. A ruling is taken back, never rewritten.
    """

    series = models.ForeignKey("evaluation.Series", on_delete=models.PROTECT, related_name="rulings")
    year = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=12, blank=True)
    finding = models.SlugField(max_length=40)
    kind = models.CharField(max_length=8, choices=RulingKind.choices)
    reason = models.CharField(max_length=300)
    by = models.CharField(max_length=40)
    at = models.DateTimeField()
    ended_by = models.CharField(max_length=40, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "year", "unit", "finding"], condition=Q(ended_at=None), name="evaluation_ruling_once"
            ),
            models.CheckConstraint(name="evaluation_ruling_kind", condition=Q(kind__in=RulingKind.values)),
        ]
