from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.territory"
    label = "territory"
