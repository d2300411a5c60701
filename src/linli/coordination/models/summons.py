"""Summons (吹哨): a chief calls named bodies to a place. What is said lies sealed in the journal."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import AnswerMode, AnswerState, Provenance, Verdict


class SummonsKind(models.Model):
    """A kind of whistle and how long an answer may take. Versioned data; a summons keeps its row."""

    code = models.SlugField(max_length=32)
    number = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=80)
    amount = models.PositiveIntegerField()
    unit = models.CharField(max_length=16)
    mode = models.CharField(max_length=12, choices=AnswerMode)  # proposed; each body may be asked otherwise
    earliest_minutes = models.PositiveIntegerField(default=10)  # no body may be asked for an answer sooner
    latest_days = models.PositiveSmallIntegerField(default=30)  # nor later; natural days
    judge_days = models.PositiveSmallIntegerField(default=2)  # working days the chief has to judge the answers
    in_force = models.BooleanField(default=True)
    provenance = models.CharField(max_length=12, choices=Provenance)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="one_summons_kind_version"),
            models.UniqueConstraint(fields=["code"], condition=Q(in_force=True), name="one_summons_kind_in_force"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, latest_days__gt=0, judge_days__gt=0), name="summons_limit_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Summons(models.Model):
    """What a summons adds to its Matter. The matter's `title` is the kind's name and the place, never free text."""

    matter = models.OneToOneField("flow.Matter", primary_key=True, on_delete=models.PROTECT, related_name="summons")
    kind = models.ForeignKey(SummonsKind, on_delete=models.PROTECT, related_name="+")
    lon = models.FloatField()
    lat = models.FloatField()
    place = models.CharField(max_length=80)  # the meeting point: a street or a public place
    failures = models.PositiveSmallIntegerField(default=0)  # how often it went to the consultation

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90), name="summons_on_earth"
            )
        ]

    def __str__(self) -> str:
        return f"summons {self.pk}"


class SummonsAnswer(models.Model):
    """One body's answer. `due_at`: by when; the text lies sealed in the journal line `answered_seq` of the matter."""

    summons = models.ForeignKey(Summons, on_delete=models.PROTECT, related_name="answers")
    body = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+", db_index=False)
    mode = models.CharField(max_length=12, choices=AnswerMode)
    state = models.CharField(max_length=12, choices=AnswerState, default=AnswerState.ASKED)
    due_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_seq = models.PositiveIntegerField(null=True)
    late = models.BooleanField(default=False)
    verdict = models.CharField(max_length=12, choices=Verdict, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["summons", "body"], name="one_answer_per_body")]
        indexes = [
            models.Index(
                fields=["body", "due_at"],
                condition=Q(state__in=["asked", "signed", "arrived", "missed"]),
                name="answer_owed_by_body",
            )
        ]

    def __str__(self) -> str:
        return f"{self.summons_id}:{self.body_id}"


class SummonsCase(models.Model):
    """The cases that a summons is about."""

    summons = models.ForeignKey(Summons, on_delete=models.PROTECT, related_name="cases")
    matter = models.ForeignKey("flow.Matter", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["summons", "matter"], name="one_case_per_summons")]

    def __str__(self) -> str:
        return f"{self.summons_id}:{self.matter_id}"
