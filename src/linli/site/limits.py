"""How long something is kept or lasts, and how often something may be done: versioned data with its source, not constants.

`limits.json` beside this file; a published line is never edited, a new one with a later `valid_from` is added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from linli.core import clock

SOURCE = Path(__file__).with_name("limits.json")


class Kept(TextChoices):
    """What is kept for some days, and from when they count."""

    CONTACT_CLOSED = "contact_closed", _("居民的电话和称呼：办结之后")
    CONTACT_OPEN = "contact_open", _("居民的电话和称呼：没有办结的，最长")
    CASE_TEXT = "case_text", _("案件里写下的文字：结束之后")
    READ_LOG = "read_log", _("联系方式查看记录")
    FAILED_SIGN_IN = "failed_sign_in", _("登录失败记录")
    DUTY_ACCOUNT = "duty_account", _("值班表里写的名字：值班之后")


class Span(TextChoices):
    """How many days something may last, or lasts where nobody says otherwise."""

    INVITATION = "invitation", _("邀请认领：最长")
    INVITATION_PROPOSED = "invitation_proposed", _("邀请认领：表单里先填的")
    PUBLIC_DWELLING = "public_dwelling", _("涉及住户的事：多久以后公开进展")
    ARTICLE_REVIEW = "article_review", _("知识库答复：下次复核，表单里先填的")
    ARTICLE_REVIEW_MOST = "article_review_most", _("知识库答复：下次复核，最远")
    IMPORT_UNDO = "import_undo", _("导入表格：之后可以撤销")


class Rate(TextChoices):
    """What may be done so many times in so many seconds, and by whom that is counted."""

    PORTAL_REPORT = "portal_report", _("居民反映问题：同一网络")
    PORTAL_PHOTO = "portal_photo", _("居民上传照片：同一网络")
    PORTAL_FOLLOW = "portal_follow", _("居民输入查询码：同一网络")
    PORTAL_MARK = "portal_mark", _("居民说答复是否有帮助：同一网络")
    PORTAL_AROUND = "portal_around", _("居民查步行圈：同一网络")
    SURVEY_CODE = "survey_code", _("居民输错满意度调查码：同一网络")
    SITING = "siting", _("规划员由程序选址：同一人")
    EXPERT_CODE = "expert_code", _("专家输错咨询码：同一网络")
    CONTACT_READ = "contact_read", _("查看居民联系方式：同一人")
    RECEIPT_LOOKUP = "receipt_lookup", _("凭回执查案件：同一工作人员")
    API_REPORT = "api_report", _("程序接口登记案件：同一账号")
    SIGN_IN = "sign_in", _("工作人员登录：同一网络")
    SIGN_IN_FAILED = "sign_in_failed", _("密码输错：同一登录名和网络，超过就暂停登录")
    PASSWORD_CHANGE = "password_change", _("修改密码：同一账号")


@dataclass(frozen=True, slots=True)
class Limit:
    """One line of the file. Either `days`, or `rates`: pairs of (times, seconds), all of which hold."""

    name: str
    valid_from: date
    provenance: str
    source: str
    days: int = 0
    rates: tuple[tuple[int, int], ...] = ()


@lru_cache(maxsize=1)
def every() -> tuple[Limit, ...]:
    """Every line ever published. Raises ValueError for a line that says nothing, or something impossible."""
    return tuple(_read(row) for row in json.loads(SOURCE.read_text(encoding="utf-8")))


def _read(row: dict[str, Any]) -> Limit:
    rates = tuple((int(times), int(per_s)) for times, per_s in row.get("rates", ()))
    limit = Limit(
        **{**row, "valid_from": date.fromisoformat(row["valid_from"]), "days": int(row.get("days", 0)), "rates": rates}
    )
    if bool(limit.days) == bool(rates) or limit.days < 0 or any(n < 1 or s < 1 for n, s in rates):
        raise ValueError(f"limits.json: {limit.name} is neither a number of days nor a rate")
    return limit


@lru_cache(maxsize=4)
def in_force(day: date) -> dict[str, Limit]:
    """The line of each name that holds on `day`, in the order of the file."""
    found: dict[str, Limit] = {}
    for limit in sorted(every(), key=lambda x: x.valid_from):
        if limit.valid_from <= day:
            found[limit.name] = limit
    return found


def days(name: Kept | Span) -> int:
    """How many days `name` is kept, or lasts."""
    return in_force(clock.today())[str(name)].days


def rates(name: Rate) -> tuple[tuple[int, int], ...]:
    """How often `name` may be done: pairs of (times, seconds)."""
    return in_force(clock.today())[str(name)].rates


def shown(names: Iterable[Any]) -> list[tuple[Any, Limit]]:
    """(label, limit in force) of each of `names`, for a page."""
    now = in_force(clock.today())
    return [(name.label, now[name.value]) for name in names]
