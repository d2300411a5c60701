"""Tokens and labels of coordination. Nothing is decided here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Provenance(models.TextChoices):
    SOURCED = "sourced", _("有出处")
    PROVISIONAL = "provisional", _("暂定")


class AnswerMode(models.TextChoices):
    """How a summoned body must answer."""

    ON_SITE = "on_site", _("到场响应")
    IN_WRITING = "in_writing", _("书面答复")


class AnswerState(models.TextChoices):
    """Where one summoned body stands."""

    ASKED = "asked", _("待响应")
    SIGNED = "signed", _("已签收")
    ARRIVED = "arrived", _("已到场")
    ANSWERED = "answered", _("已答复")
    MISSED = "missed", _("逾期未响应")
    RELEASED = "released", _("已解除")


class Verdict(models.TextChoices):
    """What the chief who called says of one body's answer."""

    DONE = "done", _("已解决")
    PARTLY = "partly", _("部分解决")
    NOT = "not", _("未解决")


class DecisionState(models.TextChoices):
    """What a consultation made of one item of its agenda."""

    LISTED = "listed", _("待议")
    DECIDED = "decided", _("已议定")
    DEFERRED = "deferred", _("下次再议")
    REJECTED = "rejected", _("不予议定")
    DONE = "done", _("已落实")


class ItemSource(models.TextChoices):
    SUMMONS = "summons", _("未解决的吹哨")
    TOPIC = "topic", _("治理专题")
    PROPOSED = "proposed", _("临时提议")


class MeasureState(models.TextChoices):
    PLANNED = "planned", _("计划")
    DONE = "done", _("已完成")
    DROPPED = "dropped", _("不再做")


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    RUNNING = "running", _("进行中")
    ENDED = "ended", _("已结束")
    CANCELLED = "cancelled", _("已取消")


class SlotState(models.TextChoices):
    ON = "on", _("值班")
    SWAPPED = "swapped", _("已换班")
    CANCELLED = "cancelled", _("已取消")
