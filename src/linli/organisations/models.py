"""Bodies. STUB; the room's owner replaces it."""

from __future__ import annotations

from django.db import models


class Body(models.Model):
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
