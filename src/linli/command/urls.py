"""Addresses of the command centres."""

from django.urls import URLPattern, URLResolver, path, re_path

from .web import pages

app_name = "command"
urlpatterns: list[URLPattern | URLResolver] = [
    path("command/", pages.home, name="home"),
    path("command/data.json", pages.data, name="data"),
    re_path(r"^command/(?P<division>\d{9})/$", pages.subdistrict, name="subdistrict"),
]
