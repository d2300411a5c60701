"""Addresses of the command centres."""

from django.urls import URLPattern, URLResolver, path, re_path

from .web import maps, pages, wall

app_name = "command"
urlpatterns: list[URLPattern | URLResolver] = [
    path("command/", pages.home, name="home"),
    path("command/data.json", pages.data, name="data"),
    path("command/cells.json", maps.cells, name="cells"),
    path("command/pressed.json", maps.pressed, name="pressed"),
    path("command/map.geojson", maps.geojson, name="geojson"),
    path("command/worker.js", wall.worker, name="wall-worker"),
    re_path(r"^command/(?P<division>\d{9})/$", pages.subdistrict, name="subdistrict"),
]
