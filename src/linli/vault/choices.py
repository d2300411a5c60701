"""Words of the register of personal fields. Tokens stand in personal_fields.csv, labels on the public page."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    CONTACT = "contact", _("联系电话和称呼")
    FREE_TEXT = "free_text", _("反映人写下的文字")
    PHOTO = "photo", _("照片（去除拍摄位置后）")
    POSITION = "position", _("事情发生的位置")
    ANSWER = "answer", _("回访和评价的回答")
    RECEIPT = "receipt", _("查询码和提交标识")
    STAFF_IDENTITY = "staff_identity", _("工作人员的账号、姓名和岗位")
    CREDENTIAL = "credential", _("登录凭据（只存散列值）")
    SESSION = "session", _("登录会话")
    NETWORK = "network", _("网络地址和浏览器标识")
    ACTIVITY = "activity", _("工作人员的操作记录")


class Purpose(models.TextChoices):
    CALL_BACK = "call_back", _("就所反映的事情与本人联系、回访")
    HANDLING = "handling", _("办理所反映的事情")
    RECEIPT = "receipt", _("让反映人凭查询码查看进展、避免重复提交")
    QUALITY = "quality", _("了解办理是否解决问题、是否满意")
    ACCESS = "access", _("确认工作人员身份和权限")
    ACCOUNTABILITY = "accountability", _("留痕和监督")
    PROTECTION = "protection", _("防止滥用和攻击")


class Basis(models.TextChoices):
    """Articles of 《中华人民共和国个人信息保护法》 (in force since 2021-11-01).

    Provisional: the numbers were not compared with the text of the law; the pages that show them say so.
    """

    CONSENT = "pipl_13_1", _("《个人信息保护法》第十三条第一款第一项：取得本人同意")
    EMPLOYMENT = "pipl_13_2", _("《个人信息保护法》第十三条第一款第二项：人力资源管理所必需")
    DUTY = "pipl_13_3", _("《个人信息保护法》第十三条第一款第三项：履行法定职责所必需")
    SECURITY = "pipl_51", _("《个人信息保护法》第五十一条：防止未经授权的访问和泄露")
    AUDIT = "pipl_54", _("《个人信息保护法》第五十四条：合规审计")


class Retention(models.TextChoices):
    CASE_CLOSED_90_DAYS = "closed_90_days", _("办结 90 天后删除，本人可要求提前删除")
    WITH_MATTER = "with_matter", _("随事项保存，可依申请删除文字内容")
    DRAFT_24_HOURS = "draft_24_hours", _("未提交的 24 小时后删除，提交的随事项保存")
    WITH_ACCOUNT = "with_account", _("账号存在期间")
    SESSION_12_HOURS = "session_12_hours", _("12 小时")
    MINUTES = "minutes", _("计数时段结束后删除，最长一天")
    DAYS_30 = "days_30", _("30 天")
    OFFICIAL_RECORD = "official_record", _("作为履职记录长期保存")
    LOG_3_YEARS = "log_3_years", _("3 年")


class Seen(models.TextChoices):
    SELF = "self", _("本人")
    RECEIPT_HOLDER = "receipt_holder", _("持查询码的本人")
    SUPERVISION = "supervision", _("受理和核查岗位，每次查看都有记录")
    HANDLING_BODY = "handling_body", _("办理期间的承办单位（本人同意的），每次查看都有记录")
    CASE_POSTS = "case_posts", _("负责这件事的岗位")
    STAFF = "staff", _("工作人员")
    AUDITOR = "auditor", _("审计员")
    ADMINISTRATOR = "administrator", _("管理员")
    NOBODY = "nobody", _("无人直接查看，只由程序核对")
