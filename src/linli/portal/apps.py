from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.portal"
    label = "portal"
