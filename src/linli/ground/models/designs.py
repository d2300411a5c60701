"""A draft of a grid and its cells. Shapes are whole units of 1e-7 degree as the engine keeps them (WKB)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import BarrierKind, CellOrigin, EditKind


class GridDraft(models.Model):
    """The draft of a change of kind grid. `scope`: the division that is divided anew; cells outside it stay."""

    change = models.OneToOneField(
        "ground.GroundChange", primary_key=True, on_delete=models.CASCADE, related_name="draft"
    )
    scope = models.CharField(max_length=12)
    target_m2 = models.PositiveIntegerField()
    settings = models.JSONField(default=dict, blank=True)
    report = models.JSONField(default=dict, blank=True)
    approximate = models.BooleanField(default=True)
    edits = models.PositiveIntegerField(default=0)  # the number of the last edit in force: undo lowers it

    def __str__(self) -> str:
        return f"draft {self.pk}"


class DraftCell(models.Model):
    """One cell of a draft as it is now."""

    draft = models.ForeignKey(GridDraft, on_delete=models.CASCADE, related_name="cells")
    code = models.CharField(max_length=15)
    shape = models.BinaryField()
    area_m2 = models.PositiveIntegerField()
    origin = models.CharField(max_length=12, choices=CellOrigin)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "code"], name="one_draft_cell_per_code"),
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{15}$"), name="draft_cell_digits"),
        ]

    def __str__(self) -> str:
        return self.code


class DraftEdit(models.Model):
    """One edit, with the cells before and after it (packed): undo and redo put them back."""

    draft = models.ForeignKey(GridDraft, on_delete=models.CASCADE, related_name="history")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=EditKind)
    codes = models.TextField(default="", blank=True)
    before = models.BinaryField()
    after = models.BinaryField()
    by = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="one_edit_per_number")]

    def __str__(self) -> str:
        return f"{self.draft_id}#{self.number}"


class Barrier(models.Model):
    """Lines that a design is cut along beside the pack's roads: imported for one draft (`lines`: WKB, degrees)."""

    draft = models.ForeignKey(GridDraft, on_delete=models.CASCADE, related_name="barriers")
    kind = models.CharField(max_length=12, choices=BarrierKind)
    name = models.CharField(max_length=120)
    lines = models.BinaryField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=BarrierKind.values), name="barrier_kind_known")]

    def __str__(self) -> str:
        return self.name
