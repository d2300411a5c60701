from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.site"
    label = "site"
