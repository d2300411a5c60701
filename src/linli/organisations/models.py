"""The table of bodies and the one row that says when it last changed. Private to this room."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import In

from .choices import BodyKind


class Body(models.Model):
    """A body keeps its row for ever: a matter of 2026 still names the body that was merged away in 2027."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    short_name = models.CharField(max_length=24)
    kind = models.CharField(max_length=24, choices=BodyKind.choices)
    division = models.CharField(max_length=12, db_index=True)  # 6, 9 or 12 digits: where it answers
    provisional = models.BooleanField(default=False)  # put there by us, not yet confirmed by the district
    source = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="body_kind_known", condition=Q(kind__in=BodyKind.values)),
            models.CheckConstraint(name="body_division_6_9_12", condition=In(Length("division"), [6, 9, 12])),
            models.CheckConstraint(name="body_not_into_itself", condition=~Q(merged_into=F("id"))),
            models.CheckConstraint(
                name="body_merged_is_closed", condition=Q(merged_into__isnull=True) | Q(is_active=False)
            ),
            models.CheckConstraint(
                name="body_active_is_open",
                condition=Q(is_active=True, valid_to__isnull=True) | Q(is_active=False, valid_to__isnull=False),
            ),
            models.CheckConstraint(name="body_named", condition=~Q(name="") & ~Q(short_name="") & ~Q(code="")),
        ]
        indexes = [models.Index(fields=["kind", "division"], name="body_kind_division")]

    def __str__(self) -> str:
        return self.code


class Revision(models.Model):
    """One row (id 1): a new random text at every change, so that each process knows when to read again."""

    value = models.CharField(max_length=32)

    class Meta:
        constraints = [models.CheckConstraint(name="organisations_one_revision", condition=Q(id=1))]
