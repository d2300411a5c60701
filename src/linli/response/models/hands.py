"""Many hands on one case: what one body asks of another, joint bodies, offers to society."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import AssistState, HandoverKind, HandoverState, OfferState


class Handover(models.Model):
    """A return or a transfer: asked by one side, accepted or refused by the other. The reason lies sealed in the journal."""

    case = models.ForeignKey("response.Case", on_delete=models.PROTECT, related_name="handovers")
    kind = models.CharField(max_length=12, choices=HandoverKind)
    state = models.CharField(max_length=12, choices=HandoverState, default=HandoverState.ASKED)
    from_body = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+", db_index=False)
    to_body = models.ForeignKey("organisations.Body", null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=40)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=40, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="asked"), name="one_open_handover"),
            models.CheckConstraint(
                condition=Q(state="asked", answered_at__isnull=True) | Q(answered_at__isnull=False),
                name="handover_answered_or_asked",
            ),
        ]


class Assist(models.Model):
    """A joint body (双派): it signs and reports for its part; the lead body answers for the whole."""

    case = models.ForeignKey("response.Case", on_delete=models.PROTECT, related_name="assists")
    body = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=12, choices=AssistState, default=AssistState.ASKED)
    asked_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "body"], name="one_assist_per_body")]
        indexes = [
            models.Index(
                fields=["body", "case"], condition=Q(state__in=["asked", "signed"]), name="assist_open_by_body"
            )
        ]


class Offer(models.Model):
    """An invitation to society to take a matter. If nobody claims it in time it goes to the body that owes it."""

    case = models.ForeignKey("response.Case", on_delete=models.PROTECT, related_name="offers")
    state = models.CharField(max_length=12, choices=OfferState, default=OfferState.OPEN)
    owed_by = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+", db_index=False)
    kinds = models.JSONField(default=list)  # kinds of bodies that are invited; empty: all of society
    bodies = models.JSONField(default=list)  # ids of bodies invited by name; empty: every body of those kinds here
    division = models.CharField(max_length=12)  # invited are bodies that answer here or around here
    opened_at = models.DateTimeField()
    claim_by = models.DateTimeField()
    claimed_by = models.ForeignKey(
        "organisations.Body", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    claimed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    thanked_at = models.DateTimeField(null=True)
    counted_from = models.DateTimeField(
        null=True
    )  # since when the whole limit ran before, for an offer that is withdrawn

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state__in=["open", "claimed"]), name="one_live_offer"),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_at__isnull=True)
                | Q(claimed_by__isnull=False, claimed_at__isnull=False),
                name="claimed_by_and_when",
            ),
        ]
        indexes = [
            models.Index(fields=["claim_by"], condition=Q(state="open"), name="offer_open_by_time"),
            models.Index(fields=["claimed_by", "claimed_at"], name="offer_by_claimant"),
        ]


class OfferLook(models.Model):
    """That a body has opened an offer, once: a dispatcher sees how many considered it. Of bodies, never of persons."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="looks", db_index=False)
    body = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+", db_index=False)
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["offer", "body"], name="one_look_per_body")]
