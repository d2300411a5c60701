from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.organisations"
    label = "organisations"
