"""Statistical series: what is counted, in which unit, by which calibre. Another calibre is another series."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import Origin, Provenance


class Series(models.Model):
    """`concept` joins series that count the same thing by different calibres: they never share a line or a column.

    `symbol` is a unit of the engine's units.csv or a label of its own. `adds_up`: the nation is the sum of the provinces.
    `parts`: codes of series that add up to this one.
    """

    code = models.SlugField(max_length=60, unique=True)
    concept = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160, blank=True)
    symbol = models.CharField(max_length=20, blank=True)
    calibre = models.SlugField(max_length=60, blank=True)
    calibre_name = models.CharField(max_length=160, blank=True)
    definition = models.CharField(max_length=600, blank=True)
    origin = models.CharField(max_length=12, choices=Origin.choices)
    adds_up = models.BooleanField(default=False)
    parts = models.JSONField(default=list)
    order = models.PositiveIntegerField(default=0)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="evaluation_series_origin_known", condition=Q(origin__in=Origin.values)),
            models.UniqueConstraint(fields=["concept", "calibre", "symbol"], name="evaluation_series_calibre_once"),
        ]


class SeriesName(models.Model):
    """A heading under which sources print a series. `plain` as for units; years change the words, not the series."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="names")
    text = models.CharField(max_length=160)
    plain = models.CharField(max_length=160, unique=True)
    source = models.CharField(max_length=400, blank=True)
