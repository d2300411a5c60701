from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.coordination"
    label = "coordination"
