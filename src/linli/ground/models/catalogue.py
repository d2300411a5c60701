"""The catalogue of grid matters (统一规范网格化管理内容): each with its nets, its responsible subject and its process."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ..choices import CatalogueState, Object, Provenance, Subject


class GridMatterCatalogue(models.Model):
    """One version of the catalogue. One is in force; a draft is edited, `revision` counts its edits."""

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=12, choices=CatalogueState)
    note = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=0)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="in_force"), name="one_catalogue_in_force"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="draft"), name="one_catalogue_draft"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="catalogue_validity"
            ),
        ]

    def __str__(self) -> str:
        return f"catalogue {self.number}"


class GridMatter(models.Model):
    """One matter that is managed by grid. `nets`, `classes` (of cases, prefixes) and `steps` are parted by spaces or
    semicolons; `body_kind`/`body_code` say who the responsible subject is.
    """

    catalogue = models.ForeignKey(GridMatterCatalogue, on_delete=models.CASCADE, related_name="rows")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120, blank=True)
    object = models.CharField(max_length=16, choices=Object)
    nets = models.CharField(max_length=80, blank=True)
    subject = models.CharField(max_length=16, choices=Subject)
    body_code = models.CharField(max_length=40, blank=True)
    body_kind = models.CharField(max_length=24, blank=True)
    classes = models.CharField(max_length=120, blank=True)
    steps = models.TextField(blank=True)  # the process: one step a line, "who: what: limit"
    provenance = models.CharField(max_length=12, choices=Provenance)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["catalogue", "code"], name="one_grid_matter_per_code"),
            models.CheckConstraint(condition=Q(object__in=Object.values), name="grid_matter_is_never_a_person"),
            models.CheckConstraint(condition=Q(subject__in=Subject.values), name="grid_matter_subject_known"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
