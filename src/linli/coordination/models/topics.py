"""Topics (治理专题): recurring problems at one place, found by rule, with an owner and measures."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ..choices import MeasureState, Provenance


class TopicRule(models.Model):
    """When cases make a topic: `least` of one class within `radius_m` (0: in one community) in `days`. Versioned.

    With `reopened` only cases count that were opened again.
    """

    code = models.SlugField(max_length=32)
    number = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120)
    classes = models.TextField(default="", blank=True)  # prefixes of class codes parted by spaces; empty: all
    least = models.PositiveSmallIntegerField()
    radius_m = models.PositiveIntegerField()
    days = models.PositiveSmallIntegerField()
    reopened = models.BooleanField(default=False)
    cured_days = models.PositiveSmallIntegerField()  # how long it must be quiet to count as cured
    cured_share = models.PositiveSmallIntegerField()  # per cent of the cases before, at most, afterwards
    in_force = models.BooleanField(default=True)
    provenance = models.CharField(max_length=12, choices=Provenance)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="one_topic_rule_version"),
            models.UniqueConstraint(fields=["code"], condition=Q(in_force=True), name="one_topic_rule_in_force"),
            models.CheckConstraint(condition=Q(least__gte=2, days__gte=1), name="topic_rule_counts"),
            models.CheckConstraint(condition=Q(cured_share__lte=100), name="topic_rule_share"),
        ]

    def __str__(self) -> str:
        return self.code


class Topic(models.Model):
    """What a topic adds to its Matter; its owner is the matter's body."""

    matter = models.OneToOneField("flow.Matter", primary_key=True, on_delete=models.PROTECT, related_name="topic")
    rule = models.ForeignKey(
        TopicRule, null=True, on_delete=models.PROTECT, related_name="+"
    )  # by which it is assessed
    by_hand = models.BooleanField(default=False)  # a chief set it; the rule only assesses it
    class_code = models.CharField(max_length=8)
    lon = models.FloatField()
    lat = models.FloatField()
    radius_m = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    case_count = models.PositiveIntegerField(default=0)
    adopted_at = models.DateTimeField(null=True)
    target_on = models.DateField(null=True)  # by when the owner means to have it cured
    before_count = models.PositiveIntegerField(null=True)  # cases in the window before it was adopted
    after_count = models.PositiveIntegerField(null=True)  # cases in the same length of time before its assessment

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="topic_times_in_order")]
        indexes = [models.Index(fields=["class_code", "lat", "lon"], name="topic_by_class_place")]

    def __str__(self) -> str:
        return f"topic {self.pk}"


class TopicCase(models.Model):
    """A case of a topic. A case belongs to one topic that has not ended at most: `open` says whether it has not."""

    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="cases")
    matter = models.ForeignKey("flow.Matter", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["topic", "matter"], name="one_topic_case"),
            models.UniqueConstraint(fields=["matter"], condition=Q(open=True), name="one_open_topic_per_case"),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id}:{self.matter_id}"


class Measure(models.Model):
    """What the owner means to do about a topic, and by when. `text` says what is done to the place, never of a person."""

    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="measures")
    text = models.CharField(max_length=200)
    body = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=12, choices=MeasureState, default=MeasureState.PLANNED)
    planned_by = models.CharField(max_length=40)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at__isnull=True)),
                name="measure_done_when",
            )
        ]

    def __str__(self) -> str:
        return f"measure {self.pk}"
