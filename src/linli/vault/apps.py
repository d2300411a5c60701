from django.apps import AppConfig


class Room(AppConfig):
    name = "linli.vault"
    label = "vault"
