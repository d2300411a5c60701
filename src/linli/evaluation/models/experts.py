"""Expert work: questionnaires on weights, invitations by code, answers that only their author sees until closing.

An expert is a seat ("专家 3"), never a name: who sits there is known to the office that hands out the letter.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import QuestionKind, QuestionnaireState


class Questionnaire(models.Model):
    """`nodes`: the nodes of the framework whose children are weighed. `total`: points to spend (budget)."""

    framework = models.ForeignKey("evaluation.Framework", on_delete=models.PROTECT, related_name="questionnaires")
    title = models.CharField(max_length=120)
    note = models.CharField(max_length=600, blank=True)
    kind = models.CharField(max_length=8, choices=QuestionKind.choices)
    nodes = models.JSONField(default=list)
    total = models.PositiveSmallIntegerField(default=100)
    state = models.CharField(max_length=8, choices=QuestionnaireState.choices, default=QuestionnaireState.DRAFT)
    closes_on = models.DateField(null=True)
    by = models.CharField(max_length=40)
    at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="evaluation_questionnaire_kind", condition=Q(kind__in=QuestionKind.values)),
            models.CheckConstraint(
                name="evaluation_questionnaire_state", condition=Q(state__in=QuestionnaireState.values)
            ),
        ]


class Invitation(models.Model):
    """A seat. `mark` is all that is kept of its code."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="invitations")
    seat = models.PositiveSmallIntegerField()
    mark = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["questionnaire", "seat"], name="evaluation_seat_once")]


class Answer(models.Model):
    """What one seat says on one node. `points`: child -> points; or `matrix`: rows of the comparison table.

    `accepted`: the author saw that CR is 0.1 or more and stands by it.
    """

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="answers")
    node = models.CharField(max_length=40)
    points = models.JSONField(null=True)
    matrix = models.JSONField(null=True)
    ratio = models.FloatField(null=True)
    accepted = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invitation", "node"], name="evaluation_answer_once"),
            models.CheckConstraint(
                name="evaluation_answer_one_kind",
                condition=Q(points__isnull=False, matrix__isnull=True) | Q(points__isnull=True, matrix__isnull=False),
            ),
        ]
