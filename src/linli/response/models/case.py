"""What a case adds to its Matter. Free text is not here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import Channel, Level, Outcome, PlaceSource, Satisfaction


class Case(models.Model):
    """What a case adds to its Matter. Exact coordinates are for staff; the public sees the grid."""

    matter = models.OneToOneField("flow.Matter", primary_key=True, on_delete=models.PROTECT, related_name="case")
    case_class = models.ForeignKey("response.CaseClass", on_delete=models.PROTECT, related_name="+")
    limit_class = models.ForeignKey(  # corrected when it was late already: the limit that it had missed stays
        "response.CaseClass", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
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

    level = models.CharField(max_length=12, choices=Level, default=Level.SUBDISTRICT)  # who decides; rises, never falls
    from_body = models.ForeignKey(  # whose it is again if what was asked of another body is refused
        "organisations.Body", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    subject = models.CharField(
        max_length=24, default="", blank=True
    )  # the kind of body that answered: 全响应 is measured
    contacted_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    deferred = models.BooleanField(default=False)  # 缓办: some formulas leave these out
    time_changed = models.BooleanField(default=False)  # it ever had a pause or an extension
    climbed = models.TextField(default="", blank=True)  # marks of the rungs that the whole limit had reached in hand,
    climbed_for = models.DateTimeField(null=True)  # and the final time they were reached for: none is pressed twice
    warned_for = models.DateTimeField(null=True)  # the due time that was last warned of
    reminded = models.PositiveSmallIntegerField(default=0)  # 催办
    supervised = models.PositiveSmallIntegerField(default=0)  # 督办
    open_assists = models.PositiveSmallIntegerField(default=0)  # joint bodies that have not reported yet
    report_count = models.PositiveIntegerField(default=1)  # how many reported the same; merged ones are counted here
    sampled = models.BooleanField(null=True)  # whether the dice sent it to verification, where the type samples
    call_sampled = models.BooleanField(null=True)  # the same for the call-back
    call_count = models.PositiveSmallIntegerField(default=0)
    next_call_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__in=Level.values), name="case_level_known"),
            models.CheckConstraint(
                condition=Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90), name="case_on_earth"
            ),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="case_channel_known"),
        ]
        indexes = [
            models.Index(fields=["lat", "lon"], name="case_by_place"),
            models.Index(fields=["case_class", "matter"], name="case_by_class"),
            models.Index(fields=["matter"], condition=Q(reopen_count__gt=0), name="case_reopened"),
        ]

    def __str__(self) -> str:
        return f"case {self.pk}"
