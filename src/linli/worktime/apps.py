from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.worktime"
    label = "worktime"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from linli.accounts import settings_menu

        from . import jobs  # noqa: F401  registers the kind of long work

        settings_menu.register(
            _("工作日历"), _("节假日、调休和工作时间；录入下一年的官方安排。"), "worktime:calendar", {"administrator"}
        )
