"""Tokens of cases with their labels and colours."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Channel(models.TextChoices):
    """How a case came in: 现场、电话、网络, and by program."""

    ONSITE = "onsite", _("现场")
    PHONE = "phone", _("电话")
    WEB = "web", _("网络")
    FIELD = "field", _("巡查")
    API = "api", _("接口")


class Object(models.TextChoices):
    """What a matter is about. A person is never the object of a matter: there is no such token, and a CHECK says so."""

    PLACE = "place", _("地点")
    FACILITY = "facility", _("设施")
    SERVICE = "service", _("服务")
    ORGANISATION = "organisation", _("单位")


class Urgency(models.TextChoices):
    URGENT = "urgent", _("紧急")
    UTILITY = "utility", _("及时")
    ORDINARY = "ordinary", pgettext_lazy("urgency", "一般")
    COMPLEX = "complex", _("复杂")


class Outcome(models.TextChoices):
    """What the call-back heard: was it solved?"""

    SOLVED = "solved", _("已解决")
    EXPLAINED = "explained", _("未能解决，已说明原因")
    UNREACHED = "unreached", _("未联系上")


class Satisfaction(models.TextChoices):
    SATISFIED = "satisfied", _("满意")
    FAIR = "fair", _("基本满意")
    DISSATISFIED = "dissatisfied", _("不满意")
    NOT_SAID = "not_said", _("未评价")


class PlaceSource(models.TextChoices):
    """How the place was found; a list choice stands on a label point and is shown as approximate."""

    MAP = "map", _("地图选点")
    SEARCH = "search", _("地名搜索")
    LIST = "list", _("列表选择")
    DEVICE = "device", _("设备定位")
