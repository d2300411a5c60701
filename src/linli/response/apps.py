from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.response"
    label = "response"
