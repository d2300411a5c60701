"""Addresses of the ground."""

from django.urls import URLPattern, URLResolver

app_name = "ground"
urlpatterns: list[URLPattern | URLResolver] = []
