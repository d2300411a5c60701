"""What reach is computed on: the walking network, homes, and the revision that caches compare."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import Provenance


class Network(models.Model):
    """The walking network as it was taken in (a packed table of nodes and edges). One is live: the newest."""

    digest = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()
    report = models.JSONField()  # what was dropped and why
    source = models.CharField(max_length=400)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    as_of = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)


class Home(models.Model):
    """A place where people live: a compound, not a household. `residents` is a number where one is published, else NULL."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100, blank=True)
    lon = models.FloatField()
    lat = models.FloatField()
    community = models.CharField(max_length=12, blank=True, db_index=True)  # empty where an edition has none there
    residents = models.PositiveIntegerField(null=True)
    source = models.CharField(max_length=400)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    approximate = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="circle_home_community", condition=Q(community__regex=r"^([0-9]{12})?$")),
        ]


class Revision(models.Model):
    """One row (id 1). `number` grows with every change that reach sees; `value` is random, so that no two are alike."""

    number = models.PositiveBigIntegerField(default=0)
    value = models.CharField(max_length=32, blank=True)
    territory = models.CharField(max_length=64, blank=True)  # the edition that homes and facilities were put into

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="circle_revision_single_row")]
