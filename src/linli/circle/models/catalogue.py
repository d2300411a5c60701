"""The catalogue of services and of standards, how facility classes map to it, how complete what we know is."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ..choices import CatalogueKind, CatalogueState, Depth, Layer, Manner, Provenance, Whole


class Catalogue(models.Model):
    """One version of a catalogue. Published once, then only retired: surveys and plans keep the version they used."""

    kind = models.CharField(max_length=12, choices=CatalogueKind.choices)
    code = models.SlugField(max_length=40, unique=True)  # services-2026-1
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=160, blank=True)
    state = models.CharField(max_length=12, choices=CatalogueState.choices, default=CatalogueState.DRAFT)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.CheckConstraint(name="circle_catalogue_kind_known", condition=Q(kind__in=CatalogueKind.values)),
            models.CheckConstraint(name="circle_catalogue_state_known", condition=Q(state__in=CatalogueState.values)),
            models.CheckConstraint(
                name="circle_catalogue_span",
                condition=Q(valid_to__isnull=True) | Q(valid_from__isnull=True) | Q(valid_from__lte=F("valid_to")),
            ),
        ]


class Item(models.Model):
    """A row of a catalogue: class, item or sub-item. `walk_m` is the cap where the row states one of its own."""

    catalogue = models.ForeignKey(Catalogue, on_delete=models.PROTECT, related_name="items")
    code = models.CharField(max_length=12)  # 05, 0501, 050101
    parent = models.CharField(max_length=12, blank=True)
    depth = models.PositiveSmallIntegerField(choices=Depth.choices)
    order = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=160, blank=True)
    provider = models.CharField(max_length=60, blank=True)
    manner = models.CharField(max_length=12, choices=Manner.choices)
    layer = models.CharField(max_length=12, choices=Layer.choices, blank=True)
    tier = models.PositiveSmallIntegerField(null=True)  # minutes of the living circle: 15, 10, 5
    walk_m = models.PositiveIntegerField(null=True)
    must = models.BooleanField(default=True)  # required by the standard, or advised
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["catalogue", "code"], name="circle_item_once"),
            models.CheckConstraint(name="circle_item_code_digits", condition=Q(code__regex=r"^[0-9A-Z]{2,12}$")),
            models.CheckConstraint(name="circle_item_manner_known", condition=Q(manner__in=Manner.values)),
            models.CheckConstraint(name="circle_item_provenance_known", condition=Q(provenance__in=Provenance.values)),
            models.CheckConstraint(name="circle_item_depth_known", condition=Q(depth__in=Depth.values)),
        ]


class ClassRule(models.Model):
    """A class of facilities in some scheme (osm, amap, a city's own list) provides an item."""

    catalogue = models.ForeignKey(Catalogue, on_delete=models.PROTECT, related_name="class_rules")
    scheme = models.SlugField(max_length=20)
    key = models.CharField(max_length=60)  # amenity=pharmacy, 090601; a trailing * matches what begins so
    item = models.CharField(max_length=12)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["catalogue", "scheme", "key", "item"], name="circle_class_rule_once"),
        ]


class Completeness(models.Model):
    """Whether all facilities of one item in one community are known, as of a day. No row: unknown."""

    item = models.CharField(max_length=12)
    kind = models.CharField(max_length=12, choices=CatalogueKind.choices)
    community = models.CharField(max_length=12)
    state = models.CharField(max_length=12, choices=Whole.choices)
    as_of = models.DateField()
    source = models.CharField(max_length=400)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    simulated = models.BooleanField(default=False)
    at = models.DateTimeField()
    by = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "item", "community", "as_of"], name="circle_completeness_once"),
            models.CheckConstraint(name="circle_completeness_known", condition=Q(state__in=Whole.values)),
            models.CheckConstraint(name="circle_completeness_community", condition=Q(community__regex=r"^[0-9]{12}$")),
        ]


class Pace(models.Model):
    """How fast whom one walks: metres a minute and minutes. Wheelchairs refuse steps: a network of their own."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=80, blank=True)
    metres_per_minute = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField()
    steps = models.BooleanField(default=True)  # False: no steps
    order = models.PositiveSmallIntegerField(default=0)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    source = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="circle_pace_walks", condition=Q(metres_per_minute__gte=1) & Q(minutes__gte=1)),
        ]
