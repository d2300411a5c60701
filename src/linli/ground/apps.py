from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.ground"
    label = "ground"
