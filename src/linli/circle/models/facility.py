"""Facilities, when they were open, what happened to them, the files they came from, pairs that may be one."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ..choices import ChangeVerb, Datum, ImportState, Provenance


class FacilityImport(models.Model):
    """A file taken in: previewed, confirmed as a whole, undone as a whole. `turn` fences writers: whoever began to write,
    check or clear with an older one has lost. `checked` is what a large file's check found, packed, for its page.
    """

    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    scheme = models.SlugField(max_length=20)
    datum = models.CharField(max_length=8, choices=Datum.choices)
    mapping = models.JSONField()  # column of the file -> field
    source = models.CharField(max_length=400)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    rows = models.BinaryField()  # what was read, packed, until it is confirmed
    report = models.JSONField()
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.WAITING)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)
    done_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    turn = models.PositiveIntegerField(default=0)
    job = models.UUIDField(null=True)  # the long work that checks, writes or clears it
    checked = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="circle_import_state_known", condition=Q(state__in=ImportState.values)),
            models.CheckConstraint(name="circle_import_datum_known", condition=Q(datum__in=Datum.values)),
        ]


class FacilityManager(models.Manager["Facility"]):
    """What there is for readers: all but the rows that an import has only staged."""

    def get_queryset(self) -> models.QuerySet[Facility]:
        return super().get_queryset().filter(staged=False)


class Facility(models.Model):
    """A place that provides something. Coordinates are WGS-84; `community` is where it stands, empty across the border.

    A `staged` one is on its way in or out by an import and there for nobody (`everything` finds it, `objects` does not):
    an import is written in parts and shown by one statement.
    """

    code = models.CharField(max_length=60, unique=True)  # osm:n60170164, or the code of a city's own list
    name = models.CharField(max_length=200)
    scheme = models.SlugField(max_length=20)
    class_key = models.CharField(max_length=60)
    class_name = models.CharField(max_length=60, blank=True)
    address = models.CharField(max_length=200, blank=True)
    opening_hours = models.CharField(max_length=200, blank=True)
    wheelchair = models.CharField(max_length=10, blank=True)  # yes, limited, no; empty is unknown
    lon = models.FloatField()
    lat = models.FloatField()
    community = models.CharField(max_length=12, blank=True, db_index=True)
    district = models.CharField(max_length=6, blank=True)
    body = models.ForeignKey("organisations.Body", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    origin = models.ForeignKey(FacilityImport, null=True, on_delete=models.PROTECT, related_name="facilities")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    source = models.CharField(max_length=400)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    as_of = models.DateField()
    simulated = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    staged = models.BooleanField(default=False)

    objects = FacilityManager()
    everything: models.Manager[Facility] = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="circle_facility_lon", condition=Q(lon__gte=-180) & Q(lon__lte=180)),
            models.CheckConstraint(name="circle_facility_lat", condition=Q(lat__gte=-90) & Q(lat__lte=90)),
            models.CheckConstraint(name="circle_facility_named", condition=~Q(code="") & ~Q(name="")),
        ]
        indexes = [models.Index(fields=["scheme", "class_key"], name="circle_facility_class")]


class FacilityItem(models.Model):
    """What one facility provides beside, or in place of, what its class says. `provides` False takes an item away."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="own_items")
    item = models.CharField(max_length=12)
    provides = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facility", "item"], name="circle_facility_item_once")]


class Span(models.Model):
    """Open from a day (None: before records) until before a day (None: still)."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="spans")
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="circle_span_order",
                condition=Q(opened_on__isnull=True) | Q(closed_on__isnull=True) | Q(opened_on__lte=F("closed_on")),
            ),
            models.UniqueConstraint(
                fields=["facility"], condition=Q(closed_on__isnull=True), name="circle_span_one_open"
            ),
        ]


class FacilityChange(models.Model):
    """One line of a facility's history. Append-only."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="changes")
    verb = models.CharField(max_length=10, choices=ChangeVerb.choices)
    on = models.DateField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=40)

    class Meta:
        constraints = [models.CheckConstraint(name="circle_change_known", condition=Q(verb__in=ChangeVerb.values))]


class ImportedChange(models.Model):
    """A facility that a file says something else of: what it becomes, with its line of history, or (`back`) what stood
    before. One statement puts all of an import in place, where the facility still has the `version` seen here.
    """

    origin = models.ForeignKey(FacilityImport, on_delete=models.CASCADE, related_name="changes")
    back = models.BooleanField()
    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    class_key = models.CharField(max_length=60)
    class_name = models.CharField(max_length=60, blank=True)
    address = models.CharField(max_length=200, blank=True)
    opening_hours = models.CharField(max_length=200, blank=True)
    wheelchair = models.CharField(max_length=10, blank=True)
    lon = models.FloatField()
    lat = models.FloatField()
    community = models.CharField(max_length=12, blank=True)
    district = models.CharField(max_length=6, blank=True)
    span = models.ForeignKey(Span, null=True, on_delete=models.CASCADE, related_name="+")  # where its days differ
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    verb = models.CharField(max_length=10, choices=ChangeVerb.choices)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "back", "facility"], name="circle_imported_once")]


class Duplicate(models.Model):
    """What was decided about a pair that looked like one place; first < second."""

    first = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="+")
    same = models.BooleanField()
    at = models.DateTimeField()
    by = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="circle_duplicate_once"),
            models.CheckConstraint(name="circle_duplicate_order", condition=Q(first__lt=F("second"))),
        ]
