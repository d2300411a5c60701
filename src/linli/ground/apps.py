from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.ground"
    label = "ground"

    def ready(self) -> None:
        from . import jobs  # noqa: F401  registers the kinds of long work
