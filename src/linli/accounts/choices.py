"""Posts and the two axes they belong to; the verbs of the administrative record. Tokens and labels only."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PostKind(models.TextChoices):
    OPERATOR = "operator", _("受理员")
    DESK = "desk", _("窗口受理员")
    DISPATCHER = "dispatcher", _("派遣员")
    GRID_WORKER = "grid_worker", _("网格员")
    HANDLER = "handler", _("承办员")
    VERIFIER = "verifier", _("核查员")
    COMMUNITY_WORKER = "community_worker", _("社区填报员")
    PLANNER = "planner", _("规划员")
    ANALYST = "analyst", _("评价分析员")
    SUBDISTRICT_CHIEF = "subdistrict_chief", _("街道值班长")
    DISTRICT_CHIEF = "district_chief", _("区值班长")
    AUDITOR = "auditor", _("审计员")
    ADMINISTRATOR = "administrator", _("管理员")


class Axis(models.TextChoices):
    """Xicheng keeps supervision (监督) apart from command (指挥)."""

    SUPERVISION = "supervision", _("监督")
    COMMAND = "command", _("指挥")
    ADMINISTRATION = "administration", _("管理")


AXIS: dict[str, Axis] = {
    PostKind.OPERATOR: Axis.SUPERVISION,
    PostKind.DESK: Axis.SUPERVISION,
    PostKind.VERIFIER: Axis.SUPERVISION,
    PostKind.DISPATCHER: Axis.COMMAND,
    PostKind.GRID_WORKER: Axis.COMMAND,
    PostKind.HANDLER: Axis.COMMAND,
    PostKind.SUBDISTRICT_CHIEF: Axis.COMMAND,
    PostKind.DISTRICT_CHIEF: Axis.COMMAND,
    PostKind.COMMUNITY_WORKER: Axis.ADMINISTRATION,
    PostKind.PLANNER: Axis.ADMINISTRATION,
    PostKind.ANALYST: Axis.ADMINISTRATION,
    PostKind.AUDITOR: Axis.ADMINISTRATION,
    PostKind.ADMINISTRATOR: Axis.ADMINISTRATION,
}
SUPERVISION = frozenset(str(k) for k, axis in AXIS.items() if axis == Axis.SUPERVISION)
COMMAND = frozenset(str(k) for k, axis in AXIS.items() if axis == Axis.COMMAND)
CHIEFS = frozenset({str(PostKind.SUBDISTRICT_CHIEF), str(PostKind.DISTRICT_CHIEF)})
STAFF = frozenset(PostKind.values)


class AuditVerb(models.TextChoices):
    CREATE_ACCOUNT = "create_account", _("新建账号")
    RENAME_ACCOUNT = "rename_account", _("修改姓名")
    DISABLE_ACCOUNT = "disable_account", _("停用账号")
    ENABLE_ACCOUNT = "enable_account", _("恢复账号")
    RESET_PASSWORD = "reset_password", _("重置密码")
    CHANGE_PASSWORD = "change_password", _("本人修改密码")
    GIVE_POST = "give_post", _("授予岗位")
    END_POST = "end_post", _("结束岗位")
    MOVE_POSTS = "move_posts", _("岗位随区划改划")
    CREATE_TOKEN = "create_token", _("新建令牌")
    REVOKE_TOKEN = "revoke_token", _("吊销令牌")
    CREATE_BODY = "create_body", _("新建单位")
    RENAME_BODY = "rename_body", _("单位更名")
    MERGE_BODIES = "merge_bodies", _("合并单位")
    LOAD_BODIES = "load_bodies", _("导入单位")
    MOVE_BODIES = "move_bodies", _("单位随区划改划")
    EXPORT_CASES = "export_cases", _("导出案件")
    OTHER = "other", _("其他设置")
