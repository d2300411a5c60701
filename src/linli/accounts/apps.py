from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.accounts"
    label = "accounts"
