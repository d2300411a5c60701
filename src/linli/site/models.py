"""One table: how much of a limit was used. No personal data: a key is a purpose and a hash that changes every day."""

from __future__ import annotations

from django.db import models


class Bucket(models.Model):
    """`slot` is the number of the window since 1970, `taken` how often it was used, `ends_at` when it may be swept."""

    key = models.CharField(max_length=120, primary_key=True)
    slot = models.BigIntegerField()
    taken = models.PositiveIntegerField()
    ends_at = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [models.CheckConstraint(name="bucket_taken_positive", condition=models.Q(taken__gte=1))]
