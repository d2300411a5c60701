"""Kinds of bodies: token and label."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class BodyKind(models.TextChoices):
    COMMAND_CENTRE = "command_centre", _("指挥中心")
    SUBDISTRICT_OFFICE = "subdistrict_office", _("街道办事处")
    COMMUNITY_COMMITTEE = "community_committee", _("社区居委会")
    DEPARTMENT = "department", _("委办局")
    GRID_TEAM = "grid_team", _("网格队")
    ENTERPRISE = "enterprise", _("公共服务企业")
    SOCIAL_ORGANISATION = "social_organisation", _("社会组织")
    STATIONED_UNIT = "stationed_unit", _("驻区单位")
    BUSINESS = "business", _("企业商户")
    VOLUNTEER_TEAM = "volunteer_team", _("志愿服务队")


SOCIETY = (BodyKind.STATIONED_UNIT, BodyKind.BUSINESS, BodyKind.SOCIAL_ORGANISATION, BodyKind.VOLUNTEER_TEAM)
"""Who may claim what is offered: 全响应 is answered by government, enterprises, social organisations and residents."""
