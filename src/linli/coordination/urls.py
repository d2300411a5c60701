"""Addresses of coordination."""

from django.urls import URLPattern, URLResolver, path

from .web import home

app_name = "coordination"
urlpatterns: list[URLPattern | URLResolver] = [
    path("coordination/", home.home, name="home"),
]
