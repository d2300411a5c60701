"""Tokens and labels of the ground. Nothing is decided here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Provenance(models.TextChoices):
    SOURCED = "sourced", _("有出处")
    PROVISIONAL = "provisional", _("暂定")


class ChangeKind(models.TextChoices):
    """What a change of the ground changes."""

    GRID = "grid", _("单元网格")
    BORDERS = "borders", _("区划界线")


class LineKind(models.TextChoices):
    """One line of a border change."""

    NEW = "new", _("新设")
    MERGE = "merge", _("并入")
    MOVE = "move", _("改隶")
    CELL = "cell", _("网格改划")
    RENAME = "rename", _("更名")
    RECODE = "recode", _("改编码")


class BarrierKind(models.TextChoices):
    """What grids are cut along."""

    MAIN = "main", _("主要道路")
    MINOR = "minor", _("一般道路")
    RAIL = "rail", _("铁路")
    WATER = "water", _("河湖")


class CellOrigin(models.TextChoices):
    """A cell of a draft beside the grid in force."""

    KEPT = "kept", _("未变")
    RESHAPED = "reshaped", _("边界改动")
    NEW = "new", _("新网格")


class EditKind(models.TextChoices):
    DESIGN = "design", _("自动划分")
    IMPORT = "import", _("导入")
    SPLIT = "split", _("拆分")
    MERGE = "merge", _("合并")
    BORDER = "border", _("移动边界")


class Net(models.TextChoices):
    """The three nets that become one."""

    CITY = "city_management", _("城市管理网")
    SERVICE = "social_service", _("社会服务管理网")
    SECURITY = "public_security", _("社会治安网")


class LayerState(models.TextChoices):
    STAGED = "staged", _("正在写入")
    IN_FORCE = "in_force", _("有效")
    RETIRED = "retired", _("已停用")


class Finding(models.TextChoices):
    """What a merge finds of one base grid and one net."""

    ONE = "one", _("一个责任单位")
    BORDER = "border", _("界线不一致")
    SEVERAL = "several", _("多个责任单位")
    NONE = "none", _("没有责任单位")


class Subject(models.TextChoices):
    """The four kinds of responsible subjects of a grid matter."""

    COMPREHENSIVE = "comprehensive", _("综合管理")
    PROFESSIONAL = "professional", _("专业管理")
    OPERATION = "operation", _("作业管理")
    TERRITORIAL = "territorial", _("属地管理")


class CatalogueState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    IN_FORCE = "in_force", _("有效")
    RETIRED = "retired", _("已停用")


class Object(models.TextChoices):
    """What a grid matter is about: never a person."""

    PLACE = "place", _("地点")
    FACILITY = "facility", _("设施")
    SERVICE = "service", _("服务")
    ORGANISATION = "organisation", _("组织")
