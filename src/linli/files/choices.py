"""Tokens of stored pictures."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    PHOTO = "photo", _("照片")


class Size(models.TextChoices):
    FULL = "full", _("原图")
    SMALL = "small", _("缩略图")
