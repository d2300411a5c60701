from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.circle"
    label = "circle"

    def ready(self) -> None:
        from . import jobs  # noqa: F401  registers the kind of long work
