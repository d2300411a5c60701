"""Circles as built things, stations, the three bodies, records with dated evidence, programmes and designations."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import BodyKind, CircleLevel, CircleState, DesignationState, MemberKind, Provenance


class Circle(models.Model):
    """A service circle that was planned or built, as a thing of its own."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    district = models.CharField(max_length=6)
    subdistrict = models.CharField(max_length=9, blank=True)
    level = models.CharField(max_length=12, choices=CircleLevel.choices, default=CircleLevel.ORDINARY)
    state = models.CharField(max_length=10, choices=CircleState.choices, default=CircleState.PLANNED)
    year = models.PositiveSmallIntegerField()  # built, or meant to be
    note = models.CharField(max_length=400, blank=True)
    source = models.CharField(max_length=400)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    simulated = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(name="circle_circle_level_known", condition=Q(level__in=CircleLevel.values)),
            models.CheckConstraint(name="circle_circle_state_known", condition=Q(state__in=CircleState.values)),
        ]


class CircleCommunity(models.Model):
    circle = models.ForeignKey(Circle, on_delete=models.CASCADE, related_name="communities")
    community = models.CharField(max_length=12, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["circle", "community"], name="circle_community_once")]


class CircleMember(models.Model):
    """A shop, a station, a team: an organisation or a place, never a person."""

    circle = models.ForeignKey(Circle, on_delete=models.CASCADE, related_name="members")
    kind = models.CharField(max_length=14, choices=MemberKind.choices)
    name = models.CharField(max_length=100)
    facility = models.ForeignKey("circle.Facility", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    body = models.ForeignKey("organisations.Body", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    offers = models.CharField(max_length=200, blank=True)
    joined_on = models.DateField(null=True)
    left_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["circle", "kind", "name"], name="circle_member_once"),
            models.CheckConstraint(name="circle_member_known", condition=Q(kind__in=MemberKind.values)),
        ]


class Station(models.Model):
    """A community service station; one may serve several communities (多居一站)."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    facility = models.ForeignKey("circle.Facility", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    source = models.CharField(max_length=400)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    simulated = models.BooleanField(default=False)


class StationCommunity(models.Model):
    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="communities")
    community = models.CharField(max_length=12, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "community"], name="circle_station_community_once")]


class CommunityBody(models.Model):
    """Party organisation, residents' committee or service station of a community, with its duties."""

    community = models.CharField(max_length=12, db_index=True)
    kind = models.CharField(max_length=10, choices=BodyKind.choices)
    name = models.CharField(max_length=100)
    duties = models.TextField(blank=True)
    source = models.CharField(max_length=400)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    simulated = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "kind", "name"], name="circle_body_once"),
            models.CheckConstraint(name="circle_body_known", condition=Q(kind__in=BodyKind.values)),
        ]


class RecordKind(models.Model):
    """What is recorded of a community, as data: staff, premises, budget, standardised. `least` is the mark to reach."""

    code = models.SlugField(max_length=40, unique=True)
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=100, blank=True)
    value = models.SlugField(max_length=10)  # number, fen, yes
    unit = models.CharField(max_length=10, blank=True)
    least = models.BigIntegerField(null=True)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)


class RecordEntry(models.Model):
    """One dated statement with its evidence. Append-only; the newest day speaks, and of one day the last entry."""

    kind = models.ForeignKey(RecordKind, on_delete=models.PROTECT, related_name="entries")
    community = models.CharField(max_length=12)
    amount = models.BigIntegerField()  # m2, persons counted, fen; 1 or 0 for yes and no
    as_of = models.DateField()
    evidence = models.CharField(max_length=200)
    simulated = models.BooleanField(default=False)
    at = models.DateTimeField()
    by = models.CharField(max_length=40)

    class Meta:
        indexes = [models.Index(fields=["kind", "community", "-as_of"], name="circle_record_newest")]


class Programme(models.Model):
    """A programme with criteria: standardisation, demonstration circles, smart communities, old compounds."""

    code = models.SlugField(max_length=40, unique=True)
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=160, blank=True)
    criteria = models.JSONField()  # [{code, name, name_en}]
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)


class Designation(models.Model):
    """A community in a programme: pilot, met, designated, withdrawn, by year."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="designations")
    community = models.CharField(max_length=12, db_index=True)
    year = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=DesignationState.choices)
    met = models.JSONField(default=list)  # codes of the criteria that are met
    evidence = models.CharField(max_length=200)
    simulated = models.BooleanField(default=False)
    at = models.DateTimeField()
    by = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "community", "year", "state"], name="circle_designation_once"),
            models.CheckConstraint(name="circle_designation_known", condition=Q(state__in=DesignationState.values)),
        ]
