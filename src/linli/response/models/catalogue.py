"""Classes of matters as versioned data, and the limits of their stages."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import Level, Object, Sheet, Tree, Urgency


class CaseClass(models.Model):
    """One version of one class of events. Cases keep the row they were reported under."""

    type_version = models.OneToOneField(
        "flow.TypeVersion", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    code = models.CharField(max_length=8, db_index=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=80)
    top_code = models.CharField(max_length=4)
    top_name = models.CharField(max_length=40)
    top_name_en = models.CharField(max_length=80)
    object = models.CharField(max_length=16, choices=Object)
    dwelling = models.BooleanField(default=False)  # about a dwelling: shown to the public by community, a day later
    urgency = models.CharField(max_length=12, choices=Urgency)
    handle_amount = models.PositiveIntegerField()
    handle_unit = models.CharField(max_length=16)
    words = models.CharField(max_length=120, default="", blank=True)
    initials = models.CharField(max_length=200, default="", blank=True)
    provenance = models.CharField(max_length=12)
    source = models.CharField(max_length=200)
    limit_provenance = models.CharField(max_length=12)
    limit_source = models.CharField(max_length=200)
    tree = models.CharField(max_length=16, choices=Tree, default=Tree.EVENT)
    level = models.CharField(max_length=12, choices=Level, default=Level.SUBDISTRICT)
    themes = models.CharField(max_length=80, default="", blank=True)  # codes of 七有五性, a second roll-up; "4 L2"
    filing = models.TextField(default="", blank=True)  # when such a matter is filed
    closing = models.TextField(default="", blank=True)  # when it counts as done

    number = models.PositiveIntegerField(default=1)  # the n-th version of this code
    revision = models.PositiveIntegerField(default=0)  # counts the edits of a draft
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=40, default="", blank=True)  # '' as the pack brought it
    note = models.CharField(max_length=200, default="", blank=True)  # why this version, in the editor's words
    starts_on = models.DateField(null=True)  # a draft that is settled: it takes effect by itself on this day
    ends_on = models.DateField(null=True)  # a published one that ends by itself on this day

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tree__in=Tree.values), name="class_tree_known"),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="class_level_known"),
            models.CheckConstraint(condition=Q(object__in=Object.values), name="object_is_never_a_person"),
            models.CheckConstraint(condition=Q(handle_amount__gt=0), name="class_limit_positive"),
            models.CheckConstraint(
                condition=Q(provenance__in=["sourced", "provisional"]), name="class_provenance_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class StageLimit(models.Model):
    """How long a stage may take, by urgency. Data with provenance."""

    stage = models.CharField(max_length=24)
    urgency = models.CharField(max_length=12, choices=Urgency)
    amount = models.PositiveIntegerField()
    unit = models.CharField(max_length=16)
    provenance = models.CharField(max_length=12)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stage", "urgency"], name="one_limit_per_stage"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="stage_limit_positive"),
        ]


class SteeringSheet(models.Model):
    """One whole version of the stage limits or of the ladder. The newest is in force; its rows lie in their table."""

    sheet = models.CharField(max_length=12, choices=Sheet)
    number = models.PositiveIntegerField()
    rows = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)
    note = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "number"], name="one_steering_sheet_per_number"),
            models.CheckConstraint(condition=Q(sheet__in=Sheet.values), name="steering_sheet_known"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}"


class Revision(models.Model):
    """One row: bumped when classes, limits or routes change, so that every process drops what it keeps."""

    number = models.PositiveIntegerField(default=0)
