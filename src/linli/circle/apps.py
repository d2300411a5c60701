from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.circle"
    label = "circle"

    def ready(self) -> None:
        from . import import_jobs, jobs  # noqa: F401  register the kinds of long work
