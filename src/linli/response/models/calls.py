"""Call-backs by telephone: each attempt and what came of it, and who has a case on the telephone just now."""

from __future__ import annotations

from django.db import models

from ..choices import CallResult, Outcome


class CallAttempt(models.Model):
    """One attempt to reach the reporter. What was said lies in the journal; a refusal is recorded, not guessed."""

    case = models.ForeignKey("response.Case", on_delete=models.PROTECT, related_name="call_attempts")
    at = models.DateTimeField()
    by = models.CharField(max_length=40)
    result = models.CharField(max_length=12, choices=CallResult)
    outcome = models.CharField(max_length=12, choices=Outcome, default="", blank=True)  # what the call ended with

    class Meta:
        indexes = [models.Index(fields=["by", "at"], name="call_by_shift")]

    def __str__(self) -> str:
        return f"call {self.case_id} {self.result}"


class CallLease(models.Model):
    """Who has a case on the telephone, and until when: nobody else is given it meanwhile. It runs out by itself."""

    case = models.OneToOneField("response.Case", primary_key=True, on_delete=models.CASCADE, related_name="call_lease")
    by = models.CharField(max_length=40, unique=True)  # one case at a time
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"lease {self.case_id}"
