from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.knowledge"
    label = "knowledge"
