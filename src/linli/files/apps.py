from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.files"
    label = "files"
