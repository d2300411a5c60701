"""Tables of the territory. An edition is one complete, immutable version of it all; `Revision` points at the live one.

A new edition is staged in chunks and goes live by one UPDATE, so readers never see half of it.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

from .choices import EditionState, FileState, Layer, Level, PlaceKind, Provenance


class Edition(models.Model):
    """One complete version: divisions, grid, streets, places, tiles."""

    digest = models.CharField(max_length=64)  # of everything it was made from: same digest, same content
    pack_digest = models.CharField(max_length=64)
    name = models.CharField(max_length=100)
    district = models.CharField(max_length=6)
    attribution = models.CharField(max_length=400)
    boundary_note = models.CharField(max_length=400, blank=True)
    state = models.CharField(max_length=10, choices=EditionState.choices, default=EditionState.STAGED)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)  # Actor.label: never a name

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=EditionState.values), name="edition_state_known")]

    def __str__(self) -> str:
        return f"{self.name} {self.digest[:12]}"


class Revision(models.Model):
    """The single row that says which edition is live. Caches compare it at most once a second."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    value = models.CharField(max_length=12)
    turn = models.CharField(max_length=32)  # changes with every flip, even back to an equal digest

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="revision_single_row")]

    def __str__(self) -> str:
        return self.value


class Division(models.Model):
    """A district (6 digits), subdistrict (9) or community (12). `boundary` is a GeoJSON geometry or empty."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="divisions")
    code = models.CharField(max_length=12)
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    parent = models.CharField(max_length=9, blank=True)
    name = models.CharField(max_length=100)
    short_name = models.CharField(max_length=100)
    approximate = models.BooleanField(default=False)
    boundary = models.TextField(blank=True)
    lon = models.FloatField(null=True, blank=True)  # of the label, WGS-84
    lat = models.FloatField(null=True, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200, blank=True)
    provenance = models.CharField(max_length=16, choices=Provenance.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["edition", "code"], name="division_code_unique"),
            models.CheckConstraint(condition=Q(code__regex=r"^([0-9]{3}){2,4}$"), name="division_code_digits"),
            models.CheckConstraint(condition=Q(level=Length("code")), name="division_level_is_length"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="division_valid_order"
            ),
            models.CheckConstraint(condition=Q(provenance__in=Provenance.values), name="division_provenance_known"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class GridLayer(models.Model):
    """A layer of cells. The base layer is the partition that every case is located in."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="layers")
    key = models.SlugField(max_length=40)
    name = models.CharField(max_length=100)
    approximate = models.BooleanField(default=False)
    source = models.CharField(max_length=200, blank=True)
    provenance = models.CharField(max_length=16, choices=Provenance.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "key"], name="gridlayer_key_unique")]

    def __str__(self) -> str:
        return self.key


class LayerCell(models.Model):
    """One cell: 15 digits, of which the first 12 are its community. `boundary` is a GeoJSON geometry."""

    layer = models.ForeignKey(GridLayer, on_delete=models.CASCADE, related_name="cells")
    code = models.CharField(max_length=15)
    boundary = models.TextField()
    area_m2 = models.PositiveIntegerField()
    lon = models.FloatField()
    lat = models.FloatField()
    approximate = models.BooleanField(default=False)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["layer", "code"], name="layercell_code_unique"),
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{15}$"), name="layercell_code_digits"),
        ]

    def __str__(self) -> str:
        return self.code


class Street(models.Model):
    """A named street near the district, for "near which street". `lines` is a GeoJSON MultiLineString."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="streets")
    name = models.CharField(max_length=100)
    lines = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "name"], name="street_name_unique")]

    def __str__(self) -> str:
        return self.name


class Place(models.Model):
    """A row of the search index. `pinyin` and `initials` hold every reading, one a line."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="places")
    kind = models.CharField(max_length=12, choices=PlaceKind.choices)
    code = models.CharField(max_length=12, blank=True)  # of the division it is, if it is one
    name = models.CharField(max_length=200)
    detail = models.CharField(max_length=200, blank=True)
    pinyin = models.TextField()
    initials = models.TextField()
    division = models.CharField(max_length=12)
    lon = models.FloatField()
    lat = models.FloatField()
    weight = models.PositiveSmallIntegerField()
    approximate = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=PlaceKind.values), name="place_kind_known")]
        indexes = [models.Index(fields=["edition", "-weight", "name"], name="place_by_weight")]

    def __str__(self) -> str:
        return self.name


class Tile(models.Model):
    """A background tile (Mapbox Vector Tile), gzipped as it is served."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="tiles")
    z = models.PositiveSmallIntegerField()
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "z", "x", "y"], name="tile_address_unique")]

    def __str__(self) -> str:
        return f"{self.z}/{self.x}/{self.y}"


class BoundaryFile(models.Model):
    """A boundary layer: waiting for confirmation, in force, or replaced. Kept so that a new pack keeps it.

    An uploaded file has no `batch`; it is as trusted as what is imported. Content that another room put in force has
    the token of its `LayerChange` and says itself how far it may be trusted.
    """

    layer = models.CharField(max_length=16, choices=Layer.choices)
    name = models.CharField(max_length=200, blank=True)
    content = models.TextField()
    digest = models.CharField(max_length=64)
    report = models.JSONField()
    state = models.CharField(max_length=10, choices=FileState.choices, default=FileState.WAITING)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)
    batch = models.CharField(max_length=32, blank=True)
    approximate = models.BooleanField(default=False)
    provenance = models.CharField(max_length=16, choices=Provenance.choices, default=Provenance.IMPORTED)
    source = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(layer__in=Layer.values), name="boundaryfile_layer_known"),
            models.CheckConstraint(condition=Q(provenance__in=Provenance.values), name="boundaryfile_provenance_known"),
            models.CheckConstraint(condition=Q(state__in=FileState.values), name="boundaryfile_state_known"),
            models.UniqueConstraint(
                fields=["layer"], condition=Q(state=FileState.ACCEPTED), name="boundaryfile_one_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.layer} {self.digest[:12]}"


class LayerChange(models.Model):
    """Layers that were put in force together. `before` and `after`: file of each layer in force, for the way back."""

    token = models.CharField(max_length=32, primary_key=True)
    note = models.CharField(max_length=200, blank=True)  # the public title of the change: a document, never a person
    before = models.JSONField()
    after = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.note} {self.token[:12]}"


class PackPart(models.Model):
    """A part of the pack as it was last loaded: a start compares its digest with the folder and loads what is new."""

    name = models.CharField(max_length=24, primary_key=True)
    digest = models.CharField(max_length=64)
    lines = models.JSONField(default=list, blank=True)  # short hashes, of a part whose unchanged lines are left alone
    loaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.digest[:12]}"
