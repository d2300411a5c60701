"""Results: what went in (kept under its hash), what was asked, what came out."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from ..choices import ResultState


class Scenario(models.Model):
    """A named way to compute a framework, besides the one written in it. `document` and `factors` as in documents.py."""

    framework = models.ForeignKey("evaluation.Framework", on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(max_length=80)
    note = models.CharField(max_length=400, blank=True)
    document = models.JSONField()
    factors = models.JSONField(default=list)
    by = models.CharField(max_length=40)
    at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["framework", "name"], name="evaluation_scenario_name_once")]


class Inputs(models.Model):
    """Panel, tree, scenario and factors as canonical JSON, compressed (zlib), under the digest of the result they give.

    Written once, shared by results that ask the same; a result is computed anew from here and compared with its hash.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.BinaryField()
    at = models.DateTimeField()


class Result(models.Model):
    """One run. `cut`: only what had been delivered by then was used. `absent`: parts without data.

    `experimental`: a part has no data or stands on provisional indicators; no headline rank then. `study`: the digest of
    the replicates, `summary` their intervals and indices as JSON.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    framework = models.ForeignKey("evaluation.Framework", on_delete=models.PROTECT, related_name="results")
    name = models.CharField(max_length=120)
    scenario_name = models.CharField(max_length=80, blank=True)
    year_from = models.PositiveSmallIntegerField()
    year_to = models.PositiveSmallIntegerField()
    cut = models.DateTimeField()
    state = models.CharField(max_length=12, choices=ResultState.choices, default=ResultState.RUNNING)
    inputs = models.ForeignKey(Inputs, null=True, on_delete=models.PROTECT, related_name="results")
    study = models.CharField(max_length=64, blank=True)
    summary = models.JSONField(default=dict)
    experimental = models.BooleanField(default=True)
    absent = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    job = models.UUIDField(null=True)
    by = models.CharField(max_length=40)
    at = models.DateTimeField()
    released_by = models.CharField(max_length=40, blank=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="evaluation_result_state_known", condition=Q(state__in=ResultState.values)),
            models.CheckConstraint(
                name="evaluation_result_done_has_inputs",
                condition=Q(state__in=["running", "refused"]) | Q(inputs__isnull=False),
            ),
            models.CheckConstraint(name="evaluation_result_years", condition=Q(year_from__lte=models.F("year_to"))),
        ]
        indexes = [models.Index(fields=["framework", "-at"], name="evaluation_result_at")]
