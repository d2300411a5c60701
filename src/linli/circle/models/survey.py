"""The yearly survey, the resources it counts, and satisfaction waves. A voice is never tied to the slip that let it in."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ..choices import Offer, Provenance, SheetState, SurveyState


class Survey(models.Model):
    """One year's survey of every community over one version of the catalogue."""

    year = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    catalogue = models.ForeignKey("circle.Catalogue", on_delete=models.PROTECT, related_name="surveys")
    district = models.CharField(max_length=6)
    state = models.CharField(max_length=8, choices=SurveyState.choices, default=SurveyState.DRAFT)
    opens_on = models.DateField()
    closes_on = models.DateField()
    simulated = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["district", "year", "name"], name="circle_survey_once"),
            models.CheckConstraint(name="circle_survey_state_known", condition=Q(state__in=SurveyState.values)),
            models.CheckConstraint(name="circle_survey_span", condition=Q(opens_on__lte=F("closes_on"))),
        ]


class Sheet(models.Model):
    """One community's sheet of a survey. Submitted when every sub-item has its answer."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="sheets")
    community = models.CharField(max_length=12)
    state = models.CharField(max_length=10, choices=SheetState.choices, default=SheetState.FILLING)
    note = models.CharField(max_length=200, blank=True)  # why it was returned
    reminded_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "community"], name="circle_sheet_once"),
            models.CheckConstraint(name="circle_sheet_state_known", condition=Q(state__in=SheetState.values)),
        ]


class Answer(models.Model):
    """One sub-item of one sheet: offered or not, and how far it is fulfilled (满足度) as the community reports it."""

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="answers")
    item = models.CharField(max_length=12)
    offer = models.CharField(max_length=12, choices=Offer.choices)
    fulfilled_pct = models.PositiveSmallIntegerField(null=True)
    evidence = models.CharField(max_length=200, blank=True)
    evidence_on = models.DateField(null=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "item"], name="circle_answer_once"),
            models.CheckConstraint(name="circle_answer_known", condition=Q(offer__in=Offer.values)),
            models.CheckConstraint(
                name="circle_answer_percent", condition=Q(fulfilled_pct__isnull=True) | Q(fulfilled_pct__lte=100)
            ),
        ]
        indexes = [models.Index(fields=["item"], name="circle_answer_item")]


class ResourceKind(models.Model):
    """One of the 39 kinds of resources, in two groups."""

    code = models.CharField(max_length=8, unique=True)
    group = models.SlugField(max_length=20)  # organisations, facilities
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=100, blank=True)
    unit = models.CharField(max_length=10, blank=True)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)


class ResourceCount(models.Model):
    """How many of one kind a community has, as its sheet says."""

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="resources")
    kind = models.ForeignKey(ResourceKind, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "kind"], name="circle_resource_once")]


class Wave(models.Model):
    """A round of satisfaction questions. `questions` is data: [{code, name, name_en}], each answered 1 to 5."""

    name = models.CharField(max_length=100)
    district = models.CharField(max_length=6)
    questions = models.JSONField()
    state = models.CharField(max_length=8, choices=SurveyState.choices, default=SurveyState.DRAFT)
    opens_on = models.DateField()
    closes_on = models.DateField()
    simulated = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)

    class Meta:
        constraints = [models.CheckConstraint(name="circle_wave_span", condition=Q(opens_on__lte=F("closes_on")))]


class Slip(models.Model):
    """A printed token that lets one voice in. Only a keyed mark of it is kept; `used` says nothing about what was answered."""

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="slips")
    community = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    used = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["wave", "community"], name="circle_slip_community")]


class Voice(models.Model):
    """What one slip answered: no slip, no hour, no person. Its id is random: not even the order of coming in is kept."""

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="voices")
    community = models.CharField(max_length=12)
    answers = models.JSONField()  # question code -> 1..5; absent is no answer

    class Meta:
        indexes = [models.Index(fields=["wave", "community"], name="circle_voice_community")]
