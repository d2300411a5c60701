from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.command"
    label = "command"
