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
    """What the call-back heard: was it solved? What was not heard says why, and is never guessed."""

    SOLVED = "solved", _("已解决")
    EXPLAINED = "explained", _("未能解决，已说明原因")
    UNREACHED = "unreached", _("未联系上")
    REFUSED = "refused", _("不愿评价")
    NO_CONTACT = "no_contact", _("没有留联系方式")


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


class Tree(models.TextChoices):
    """Which catalogue a class belongs to."""

    EVENT = "event", _("事件")
    COMPONENT = "component", _("部件")
    HOTLINE = "hotline", _("热线诉求")
    CONSULTATION = "consultation", _("咨询")
    NEED = "need", _("需求")


class Level(models.TextChoices):
    """Who decides about a matter: the community closes it itself, the subdistrict, or the district."""

    COMMUNITY = "community", _("社区")
    SUBDISTRICT = "subdistrict", _("街道")
    DISTRICT = "district", _("区")


class Theme(models.TextChoices):
    """七有五性: a second roll-up of the classes, apart from their trees. About matters, never about persons."""

    H1 = "H1", _("幼有所育")
    H2 = "H2", _("学有所教")
    H3 = "H3", _("劳有所得")
    H4 = "H4", _("病有所医")
    H5 = "H5", _("老有所养")
    H6 = "H6", _("住有所居")
    H7 = "H7", _("弱有所扶")
    N1 = "N1", _("便利性")
    N2 = "N2", _("宜居性")
    N3 = "N3", _("多样性")
    N4 = "N4", _("公正性")
    N5 = "N5", _("安全性")


class Sheet(models.TextChoices):
    """What is changed as a whole table, one version after another."""

    LIMITS = "limits", _("各环节的时限")
    LADDER = "ladder", _("催办督办表")


class HandoverKind(models.TextChoices):
    RETURN = "return", _("退单")
    TRANSFER = "transfer", _("转办")


class HandoverState(models.TextChoices):
    ASKED = "asked", _("待答复")
    GRANTED = "granted", _("已同意")
    REFUSED = "refused", _("未同意")


class AssistState(models.TextChoices):
    INVITED = "invited", _("请到场认定")
    ASKED = "asked", _("待签收")
    SIGNED = "signed", _("办理中")
    REPORTED = "reported", _("已反馈")
    RELEASED = "released", _("不再需要")


class OfferState(models.TextChoices):
    OPEN = "open", _("等待认领")
    CLAIMED = "claimed", _("已认领")
    DONE = "done", _("已办好")
    LAPSED = "lapsed", _("无人认领")
    WITHDRAWN = "withdrawn", _("已收回")
    GIVEN_UP = "given_up", _("已放弃")


class TimeKind(models.TextChoices):
    PAUSE = "pause", _("暂停")
    EXTEND = "extend", _("延期")
    DEFER = "defer", _("缓办")


class TimeState(models.TextChoices):
    ASKED = "asked", _("待审批")
    GRANTED = "granted", _("已同意")
    REFUSED = "refused", _("未同意")
    DROPPED = "dropped", _("已作废")


class LadderTrigger(models.TextChoices):
    """What a rung of the ladder waits for."""

    BEFORE_DUE = "before_due", _("到期前")
    AFTER_DUE = "after_due", _("超期后")
    RETURNS = "returns", _("退单次数")
    REWORKS = "reworks", _("返工次数")
    REOPENS = "reopens", _("重开次数")
    TRANSFERS = "transfers", _("转办次数")


class LadderAct(models.TextChoices):
    WARN = "warn", _("预警")
    REMIND = "remind", _("催办")
    SUPERVISE = "supervise", _("督办")
    ESCALATE = "escalate", _("提级")


class CallResult(models.TextChoices):
    """What came of dialling."""

    TALKED = "talked", _("已接通")
    NO_ANSWER = "no_answer", _("无人接听")
    BUSY = "busy", _("占线")
    OFF = "off", _("关机或停机")
    WRONG = "wrong", _("号码有误")
    REFUSED = "refused", _("接通但不愿说")
    LATER = "later", _("约定再打")


class TableState(models.TextChoices):
    """Of a table of routing rules. One that was set aside is a draft that was replaced and may come back."""

    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("现行")
    RETIRED = "retired", _("已停用")
    SET_ASIDE = "set_aside", _("已搁置")
