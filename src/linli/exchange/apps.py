from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.exchange"
    label = "exchange"
