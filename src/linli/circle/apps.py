from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.circle"
    label = "circle"
