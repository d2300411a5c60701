"""Revisions of the calendar: a notice is entered by one and withdrawn by a later one, nothing is overwritten."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from .choices import Change, DayKind


class Revision(models.Model):
    """One change of the calendar. Revision 0, the shipped table, has no row."""

    number = models.PositiveIntegerField(unique=True)
    change = models.CharField(max_length=10, choices=Change.choices)
    year = models.PositiveSmallIntegerField(null=True)
    restores = models.PositiveIntegerField(null=True)  # the number of the revision whose state came back
    hours = models.TextField()  # lines "2006-01-01 09:00-12:00 13:30-18:00"
    local = models.JSONField(default=dict)  # hours and days of single divisions, as linli.worktime.local writes them
    division = models.CharField(max_length=12, default="", blank=True)  # whose hours or days changed, "" for all
    actor = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(change__in=Change.values), name="revision_change_known"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_from_one"),
        ]


class NoticeYear(models.Model):
    """The official days of one year's notice, valid for revisions entered ≤ r < withdrawn."""

    year = models.PositiveSmallIntegerField()
    entered = models.PositiveIntegerField()
    withdrawn = models.PositiveIntegerField(null=True)
    source = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["year"], condition=Q(withdrawn__isnull=True), name="one_notice_a_year"),
            models.UniqueConstraint(fields=["year", "entered"], name="one_notice_a_revision"),
            models.CheckConstraint(
                condition=Q(withdrawn__isnull=True) | Q(withdrawn__gt=F("entered")), name="notice_span"
            ),
            models.CheckConstraint(condition=Q(year__gte=2000) & Q(year__lte=2100), name="notice_year_sane"),
        ]


class NoticeDay(models.Model):
    """One day of a notice."""

    notice = models.ForeignKey(NoticeYear, on_delete=models.CASCADE, related_name="days")
    date = models.DateField()
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=DayKind.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["notice", "date"], name="a_day_once_a_notice"),
            models.CheckConstraint(condition=Q(kind__in=DayKind.values), name="day_kind_known"),
        ]
