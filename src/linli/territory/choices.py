"""Words of the territory: levels, layers, kinds of places, how far a fact may be trusted."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Level(models.IntegerChoices):
    """A division's level is the number of digits of its code (DB11/T 2157-2023)."""

    DISTRICT = 6, _("区")
    SUBDISTRICT = 9, _("街道")
    COMMUNITY = 12, _("社区")


class Layer(models.TextChoices):
    """A boundary layer that can be imported as one file."""

    DISTRICT = "district", _("区界")
    SUBDISTRICTS = "subdistricts", _("街道界线")
    COMMUNITIES = "communities", _("社区界线")
    GRIDS = "grids", _("单元网格")


DIGITS = {Layer.DISTRICT: 6, Layer.SUBDISTRICTS: 9, Layer.COMMUNITIES: 12, Layer.GRIDS: 15}


class PlaceKind(models.TextChoices):
    """What a place found by search is."""

    SUBDISTRICT = "subdistrict", _("街道")
    COMMUNITY = "community", _("社区")
    RESIDENTIAL = "residential", _("小区")
    STREET = "street", _("道路")
    FACILITY = "facility", _("设施")


class Provenance(models.TextChoices):
    """How far a boundary may be trusted; shown beside it."""

    SOURCED = "sourced", _("有出处")
    RECONSTRUCTED = "reconstructed", _("推算")
    PROVISIONAL = "provisional", _("暂定")
    IMPORTED = "imported", _("已导入")


class EditionState(models.TextChoices):
    """An edition is invisible while it is staged."""

    STAGED = "staged", _("暂存")
    COMPLETE = "complete", _("完整")


class FileState(models.TextChoices):
    """A boundary file waits for confirmation, is in force, or was replaced."""

    WAITING = "waiting", _("待确认")
    ACCEPTED = "accepted", _("已生效")
    REPLACED = "replaced", _("已被替换")
