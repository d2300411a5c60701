from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.flow"
    label = "flow"
