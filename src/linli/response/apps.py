from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.response"
    label = "response"

    def ready(self) -> None:
        from . import jobs  # noqa: F401  registers the kind of long work
