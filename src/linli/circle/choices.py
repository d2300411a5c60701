"""Tokens and labels of the service circle. Nothing is decided here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Provenance(models.TextChoices):
    SOURCED = "sourced", _("有出处")
    PROVISIONAL = "provisional", _("暂定")


class CatalogueKind(models.TextChoices):
    SERVICES = "services", _("社区基本公共服务目录")
    LIVING = "living", _("生活圈配套标准")


class CatalogueState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("在用")
    RETIRED = "retired", _("已停用")


class Depth(models.IntegerChoices):
    """How deep a row lies: 10 classes, 60 items, 180 and more sub-items."""

    CLASS = 1, _("大类")
    ITEM = 2, _("中类")
    SUB_ITEM = 3, _("小类")


class Manner(models.TextChoices):
    """How a need is met: at a place one walks to, at home (紧急需求不出家门), or by the community without a place."""

    WALK = "walk", _("步行可达")
    HOME = "home", _("上门服务")
    OFFERED = "offered", _("社区提供")


class Layer(models.TextChoices):
    """The four layers of a service circle."""

    BASIC = "basic", _("基本公共服务")
    MUTUAL = "mutual", _("志愿互助服务")
    CONVENIENCE = "convenience", _("便民利民服务")
    SPECIAL = "special", _("特色服务")


class State(models.TextChoices):
    """Three states everywhere. A gap in the data is never shown as a gap in the city."""

    YES = "yes", _("有")
    NO = "no", _("没有")
    MISSING = "missing", _("数据缺失")


class Datum(models.TextChoices):
    """The coordinate system a file declares."""

    WGS84 = "wgs84", "WGS-84"
    GCJ02 = "gcj02", "GCJ-02"
    BD09 = "bd09", "BD-09"


class Whole(models.TextChoices):
    """How complete what we know of one item in one community is."""

    COMPLETE = "complete", _("已查全")
    PARTIAL = "partial", _("不完整")
    UNKNOWN = "unknown", _("未查")


class ImportState(models.TextChoices):
    WAITING = "waiting", _("等待确认")
    WRITING = "writing", _("正在写入")
    DONE = "done", _("已导入")
    UNDONE = "undone", _("已撤销")
    DROPPED = "dropped", _("已放弃")


class ChangeVerb(models.TextChoices):
    """What happened to a facility."""

    ADDED = "added", pgettext_lazy("history", "登记")
    CHANGED = "changed", pgettext_lazy("history", "修改")
    MOVED = "moved", pgettext_lazy("history", "迁址")
    OPENED = "opened", pgettext_lazy("history", "开放")
    CLOSED = "closed", pgettext_lazy("history", "关闭")
    MERGED = "merged", pgettext_lazy("history", "并入")
    REMOVED = "removed", _("撤销登记")


class SurveyState(models.TextChoices):
    DRAFT = "draft", _("准备中")
    OPEN = "open", _("填报中")
    CLOSED = "closed", _("已结束")


class SheetState(models.TextChoices):
    FILLING = "filling", _("填报中")
    SUBMITTED = "submitted", _("已提交")
    RETURNED = "returned", _("退回补正")


class Offer(models.TextChoices):
    """What a community answers of a sub-item."""

    OFFERED = "offered", _("提供")
    NOT_OFFERED = "not_offered", _("未提供")
    SUSPENDED = "suspended", pgettext_lazy("service", "暂停")


class CircleState(models.TextChoices):
    PLANNED = "planned", _("计划中")
    BUILDING = "building", _("建设中")
    BUILT = "built", _("已建成")
    ENDED = "ended", pgettext_lazy("circle", "已撤销")


class CircleLevel(models.TextChoices):
    ORDINARY = "ordinary", _("一般")
    DISTRICT = "district", _("区级示范")
    MUNICIPAL = "municipal", _("市级示范")


class MemberKind(models.TextChoices):
    SHOP = "shop", _("商户")
    STATION = "station", _("服务站")
    TEAM = "team", _("志愿服务队")
    ORGANISATION = "organisation", _("社会组织")
    OTHER = "other", _("其他")


class BodyKind(models.TextChoices):
    """The three bodies of a community."""

    PARTY = "party", _("党组织")
    COMMITTEE = "committee", _("居委会")
    STATION = "station", _("服务站")


class DesignationState(models.TextChoices):
    PILOT = "pilot", _("试点")
    MET = "met", _("达标")
    DESIGNATED = "designated", _("命名")
    WITHDRAWN = "withdrawn", pgettext_lazy("designation", "取消")


class EditKind(models.TextChoices):
    """What a plan does."""

    ADD = "add", pgettext_lazy("plan", "新增")
    MOVE = "move", pgettext_lazy("plan", "迁址")
    REMOVE = "remove", pgettext_lazy("plan", "取消")


class Aim(models.TextChoices):
    """What new places are chosen for."""

    MOST = "most", _("让最多的住处走得到")
    SHORTEST = "shortest", _("让大家走得最少")
    ALL = "all", _("用最少的地方全部覆盖")
