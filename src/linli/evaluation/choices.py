"""Tokens and labels of the evaluation. Nothing is decided here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Provenance(models.TextChoices):
    SOURCED = "sourced", _("有出处")
    PROVISIONAL = "provisional", _("暂定")


class UnitLevel(models.TextChoices):
    NATION = "nation", _("全国")
    PROVINCE = "province", _("省级地区")
    CITY = "city", _("城市")
    DISTRICT = "district", _("区县")
    SUBDISTRICT = "subdistrict", _("街道")
    COMMUNITY = "community", _("社区")


class NameKind(models.TextChoices):
    """Why a text means a unit. A spelling that is known to be wrong is kept as one: rows are matched, and told."""

    FULL = "full", _("全称")
    SHORT = "short", _("简称")
    ENGLISH = "english", _("英文名")
    FORMER = "former", _("曾用名")
    MISSPELT = "misspelt", _("误写")


class UnitEvent(models.TextChoices):
    RENAMED = "renamed", _("更名")
    MERGED = "merged", _("合并")
    SPLIT = "split", _("拆分")
    MOVED = "moved", _("改隶")


class Origin(models.TextChoices):
    """Official public statistics make the comprehensive index; what the platform counts itself never enters it."""

    PUBLIC = "public", _("公开统计")
    PLATFORM = "platform", _("本平台")


class DeliveryState(models.TextChoices):
    STAGED = "staged", _("待确认")
    APPLIED = "applied", _("已采用")
    UNDONE = "undone", _("已撤销")


class ObsStatus(models.TextChoices):
    """SDMX CL_OBS_STATUS 2.2: why a value is as it is, or why there is none."""

    NORMAL = "A", _("正常")
    BREAK = "B", _("口径变动")
    ESTIMATED = "E", _("估计")
    FORECAST = "F", _("预计")
    IMPUTED = "I", _("推算")
    PROVISIONAL = "P", _("初步数")
    MISSING = "M", _("缺")
    NOT_COLLECTED = "L", _("未调查")
    NEGLIGIBLE = "N", _("不足最小单位")
    CONFIDENTIAL = "Q", _("不公布")


class RulingKind(models.TextChoices):
    ACCEPT = "accept", _("核对无误")
    EXCLUDE = "exclude", _("不采用")


class FrameworkPurpose(models.TextChoices):
    """The comprehensive index stands on public statistics; a district index is another one and is named so."""

    COMPREHENSIVE = "comprehensive", _("综合评价指数")
    DISTRICT = "district", _("区内指数")


class FrameworkState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("在用")
    RETIRED = "retired", _("已停用")


class NodeKind(models.TextChoices):
    ROOT = "root", _("总指数")
    PART = "part", _("部分")
    GROUP = "group", _("分组")
    INDICATOR = "indicator", _("指标")


class ResultState(models.TextChoices):
    RUNNING = "running", _("测算中")
    DONE = "done", _("已完成")
    REFUSED = "refused", _("不能测算")
    RELEASED = "released", _("已发布")
    WITHDRAWN = "withdrawn", _("已撤回")


class QuestionKind(models.TextChoices):
    BUDGET = "budget", _("分配一百分")
    AHP = "ahp", _("两两比较")


class QuestionnaireState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    OPEN = "open", _("填写中")
    CLOSED = "closed", _("已截止")


class BookState(models.TextChoices):
    MAKING = "making", _("编印中")
    READY = "ready", _("已印成")
    FAILED = "failed", _("未印成")
