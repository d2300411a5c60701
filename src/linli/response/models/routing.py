"""Who is given what: tables of ordered rules with versions, and the routes of the first releases they came from."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import TableState


class Route(models.Model):
    """(division × class) → body, as the pack brings it. The first table of rules is made of these."""

    division = models.CharField(max_length=12)
    class_prefix = models.CharField(max_length=8, default="", blank=True)
    body = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+")
    provenance = models.CharField(max_length=12, default="provisional")
    source = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["division", "class_prefix"], name="one_route_per_pair")]


class RouteTable(models.Model):
    """One version of the rules. A published one never changes; a draft is edited, `revision` counts its edits."""

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=12, choices=TableState)
    based_on = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, default="", blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=40)
    valid_from = models.DateTimeField(null=True)
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=TableState.values), name="route_table_state_known"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="published"), name="one_published_route_table"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="draft"), name="one_draft_route_table"),
            models.CheckConstraint(
                condition=Q(state="published", valid_from__isnull=False, valid_to__isnull=True)
                | Q(state="retired", valid_from__isnull=False, valid_to__isnull=False)
                | Q(state__in=["draft", "set_aside"], valid_from__isnull=True, valid_to__isnull=True),
                name="route_table_validity",
            ),
        ]

    def __str__(self) -> str:
        return f"routes {self.number}"


class RouteRule(models.Model):
    """One line of a table. Lists are texts parted by spaces; '' in divisions or classes is written as *."""

    table = models.ForeignKey(RouteTable, on_delete=models.CASCADE, related_name="rules")
    order = models.PositiveIntegerField()
    divisions = models.TextField()
    classes = models.TextField()
    channels = models.TextField(default="", blank=True)
    hours = models.CharField(max_length=11, default="", blank=True)
    lead = models.CharField(max_length=32, default="", blank=True)  # the code of a body; bodies keep theirs for ever
    joint = models.TextField(default="", blank=True)
    note = models.CharField(max_length=200, default="", blank=True)
    provenance = models.CharField(max_length=12, default="provisional")
    source = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "order"], name="one_rule_per_place"),
            models.CheckConstraint(condition=Q(order__gt=0), name="rule_order_positive"),
            models.CheckConstraint(
                condition=Q(provenance__in=["sourced", "provisional"]), name="rule_provenance_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table_id}:{self.order}"
