"""Case, its classes and the routes to bodies. A case is one-to-one with its Matter; free text is not here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .choices import Channel, Object, Outcome, PlaceSource, Satisfaction, Urgency


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

    class Meta:
        constraints = [
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


class Route(models.Model):
    """(division × class) → body. The narrowest division wins, then the narrowest class; '' matches all."""

    division = models.CharField(max_length=12)
    class_prefix = models.CharField(max_length=8, default="", blank=True)
    body = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+")
    provenance = models.CharField(max_length=12, default="provisional")
    source = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["division", "class_prefix"], name="one_route_per_pair")]


class Revision(models.Model):
    """One row: bumped when classes, limits or routes change, so that every process drops what it keeps."""

    number = models.PositiveIntegerField(default=0)


class Case(models.Model):
    """What a case adds to its Matter. Exact coordinates are for staff; the public sees the grid."""

    matter = models.OneToOneField("flow.Matter", primary_key=True, on_delete=models.PROTECT, related_name="case")
    case_class = models.ForeignKey(CaseClass, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=12, choices=Channel)
    lon = models.FloatField()
    lat = models.FloatField()
    place_source = models.CharField(max_length=12, choices=PlaceSource, default=PlaceSource.MAP)
    near = models.CharField(max_length=60, default="", blank=True)  # the nearest named street, from the map
    suggested_body = models.ForeignKey(
        "organisations.Body", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    contact_id = models.BigIntegerField(null=True)
    counted_from = models.DateTimeField()  # when the whole limit began: the report, or the last reopening
    photos = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=12, choices=Outcome, default="", blank=True)
    satisfaction = models.CharField(max_length=16, choices=Satisfaction, default="", blank=True)
    return_count = models.PositiveSmallIntegerField(default=0)
    rework_count = models.PositiveSmallIntegerField(default=0)
    reopen_count = models.PositiveSmallIntegerField(default=0)
    first_closed_on_time = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90), name="case_on_earth"
            ),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="case_channel_known"),
        ]
        indexes = [
            models.Index(fields=["lat", "lon"], name="case_by_place"),
            models.Index(fields=["case_class", "matter"], name="case_by_class"),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}"
