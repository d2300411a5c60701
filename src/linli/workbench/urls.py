"""Addresses of the workbench."""

from django.urls import URLPattern, URLResolver, path

from . import web

app_name = "workbench"
urlpatterns: list[URLPattern | URLResolver] = [path("inbox/", web.inbox, name="inbox")]
