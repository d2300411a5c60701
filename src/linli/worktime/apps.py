from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.worktime"
    label = "worktime"
