"""What a post must look like and which posts sit badly together. Pure: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Post

from .choices import COMMAND, PostKind

DISTRICT, SUBDISTRICT, COMMUNITY = 6, 9, 12  # digits of a division code
DIVISION = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,2}", re.ASCII)
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PostRule:
    """At which levels a post may be held, and whether it serves a body ("required", "none")."""

    levels: frozenset[int]
    body: str
    duty: Any

    @property
    def needs_body(self) -> bool:
        return self.body == "required"


def _rule(levels: set[int], body: str, duty: Any) -> PostRule:
    return PostRule(frozenset(levels), body, duty)


POST_RULES: dict[str, PostRule] = {
    PostKind.OPERATOR: _rule({DISTRICT}, "none", _("接听电话、登记、立案和回访。")),
    PostKind.DESK: _rule({DISTRICT, SUBDISTRICT, COMMUNITY}, "none", _("在服务窗口为来访居民登记和答复。")),
    PostKind.DISPATCHER: _rule({DISTRICT, SUBDISTRICT}, "none", _("把已立案的事项派给承办单位。")),
    PostKind.GRID_WORKER: _rule({SUBDISTRICT, COMMUNITY}, "required", _("在网格里巡查、上报，处理派给网格队的事项。")),
    PostKind.HANDLER: _rule({DISTRICT, SUBDISTRICT, COMMUNITY}, "required", _("代表承办单位签收、处理和反馈。")),
    PostKind.VERIFIER: _rule({DISTRICT, SUBDISTRICT}, "none", _("核查处理结果；本人办理过的事项不能核查。")),
    PostKind.SUBDISTRICT_CHIEF: _rule({SUBDISTRICT}, "none", _("街道指挥中心值班，督办本街道的事项。")),
    PostKind.DISTRICT_CHIEF: _rule({DISTRICT}, "none", _("区指挥中心值班，督办全区的事项。")),
    PostKind.COMMUNITY_WORKER: _rule({COMMUNITY}, "none", _("填报本社区的服务调查和台账。")),
    PostKind.PLANNER: _rule({DISTRICT, SUBDISTRICT}, "none", _("维护服务设施、服务圈和规划方案。")),
    PostKind.ANALYST: _rule({DISTRICT}, "none", _("维护统计数据和评价体系，测算综合评价，编印年度报告。")),
    PostKind.AUDITOR: _rule({DISTRICT}, "none", _("查看办理记录、联系方式查看记录和管理记录，不办理事项。")),
    PostKind.ADMINISTRATOR: _rule({DISTRICT}, "none", _("管理账号、岗位、单位和各项设置，不办理事项。")),
}

Problem = tuple[str, str, Any]  # field, stable code, sentence


def check_post(kind: str, division: str, body_division: str | None) -> Problem | None:
    """The first thing wrong with a post, or None. `body_division` is None when no body is named."""
    rule = POST_RULES.get(kind)
    if rule is None:
        return "kind", "no_such_post", _("没有这种岗位。")
    if not DIVISION.fullmatch(division):
        return "division", "bad_division", _("区划编码须为 6、9 或 12 位数字。")
    if len(division) not in rule.levels:
        return "division", "wrong_level", _("这种岗位不能设在这一级区划。")
    if rule.needs_body and body_division is None:
        return "body", "body_required", _("这种岗位须指明所在单位。")
    if not rule.needs_body and body_division is not None:
        return "body", "body_not_allowed", _("这种岗位不属于某个承办单位，请不要选单位。")
    if body_division is not None and not division.startswith(body_division):
        return "body", "body_elsewhere", _("这个单位不负责所选区划。")
    return None


def warnings(posts: Iterable[Post]) -> list[Any]:
    """Sentences about posts of one person that sit badly together; allowed, but worth a second look."""
    posts = list(posts)
    found: list[Any] = []
    checks = [p for p in posts if p.kind == PostKind.VERIFIER]
    acts = [p for p in posts if p.kind in COMMAND]
    if any(a.division.startswith(c.division) or c.division.startswith(a.division) for c in checks for a in acts):
        found.append(_("此人在同一区划既核查又指挥或处理：系统会拒绝其核查本人办理过的事项。"))
    kinds = {p.kind for p in posts}
    if PostKind.AUDITOR in kinds and len(kinds) > 1:
        found.append(_("审计员最好不兼任其他岗位。"))
    if PostKind.ADMINISTRATOR in kinds and len(kinds) > 1:
        found.append(_("管理员最好不兼任业务岗位。"))
    return found
