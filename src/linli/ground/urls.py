"""Addresses of the ground."""

from django.urls import URLPattern, URLResolver, path

from .web import borders, home

app_name = "ground"
urlpatterns: list[URLPattern | URLResolver] = [
    path("ground/", home.home, name="home"),
    *borders.urls,
]
