"""Addresses of the vault."""

from django.urls import URLPattern, URLResolver, path

from . import web

app_name = "vault"
urlpatterns: list[URLPattern | URLResolver] = [path("settings/read-log/", web.read_log, name="read_log")]
