from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.jobs"
    label = "jobs"
