from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Room(AppConfig):
    name = "linli.accounts"
    label = "accounts"

    def ready(self) -> None:
        from . import settings_menu
        from .choices import PostKind

        admin = {PostKind.ADMINISTRATOR}
        settings_menu.register(_("账号和岗位"), _("新建、停用账号，授予和结束岗位。"), "accounts:accounts", admin)
        settings_menu.register(_("令牌"), _("外部程序调用接口的凭证。"), "accounts:tokens", admin)
        settings_menu.register(_("单位"), _("承办单位的名称、合并和导入。"), "accounts:bodies", admin)
        both = {PostKind.ADMINISTRATOR, PostKind.AUDITOR}
        settings_menu.register(
            _("保存期限与限额"), _("什么保存多久、多久可以做几次、依据是什么。"), "accounts:limits", both
        )
        settings_menu.register(_("管理记录"), _("谁在什么时候改了什么设置。"), "accounts:audit", both)
