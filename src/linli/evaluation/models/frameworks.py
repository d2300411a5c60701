"""Frameworks: versioned trees of indicators. Published once, then only retired: a result keeps the version it used."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ..choices import FrameworkPurpose, FrameworkState, NodeKind, Provenance, UnitLevel


class Framework(models.Model):
    """`family` names the index through its editions. `scenario` and `factors`: how it is computed and what is varied
    (documents.py). `version` is swapped by every change of a draft.
    """

    family = models.SlugField(max_length=60)
    edition = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160, blank=True)
    purpose = models.CharField(max_length=16, choices=FrameworkPurpose.choices)
    level = models.CharField(max_length=12, choices=UnitLevel.choices)
    within = models.CharField(max_length=12, blank=True)  # units below this code only; empty: all of the level
    state = models.CharField(max_length=12, choices=FrameworkState.choices, default=FrameworkState.DRAFT)
    valid_from = models.PositiveSmallIntegerField()
    valid_to = models.PositiveSmallIntegerField(null=True)
    scenario = models.JSONField(default=dict)
    factors = models.JSONField(default=list)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)
    note = models.CharField(max_length=600, blank=True)
    version = models.PositiveIntegerField(default=1)
    made_by = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    published_by = models.CharField(max_length=40, blank=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["family", "edition"], name="evaluation_framework_edition_once"),
            models.CheckConstraint(
                name="evaluation_framework_state_known", condition=Q(state__in=FrameworkState.values)
            ),
            models.CheckConstraint(
                name="evaluation_framework_purpose_known", condition=Q(purpose__in=FrameworkPurpose.values)
            ),
            models.CheckConstraint(
                name="evaluation_framework_span", condition=Q(valid_to=None) | Q(valid_from__lte=F("valid_to"))
            ),
        ]


class FrameworkNode(models.Model):
    """A row of the tree. An indicator's value is `factor` x numerator / denominator; both are sums of series, written
    as codes joined by + and - ("beds_hospital + beds_clinic"). A denominator may be empty.
    """

    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="nodes")
    code = models.CharField(max_length=40)
    parent = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=12, choices=NodeKind.choices)
    order = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160, blank=True)
    weight = models.FloatField(default=1.0)
    direction = models.SmallIntegerField(default=1)
    symbol = models.CharField(max_length=20, blank=True)
    numerator = models.CharField(max_length=300, blank=True)
    denominator = models.CharField(max_length=300, blank=True)
    denominator_symbol = models.CharField(max_length=20, blank=True)
    factor = models.FloatField(default=1.0)
    goal_low = models.FloatField(null=True)
    goal_high = models.FloatField(null=True)
    target = models.FloatField(null=True)
    definition = models.CharField(max_length=600, blank=True)
    calibre = models.CharField(max_length=160, blank=True)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["framework", "code"], name="evaluation_node_once"),
            models.CheckConstraint(name="evaluation_node_kind_known", condition=Q(kind__in=NodeKind.values)),
            models.CheckConstraint(name="evaluation_node_direction", condition=Q(direction__in=[1, -1])),
            models.CheckConstraint(name="evaluation_node_weight", condition=Q(weight__gte=0)),
        ]
