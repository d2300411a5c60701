from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.workbench"
    label = "workbench"
