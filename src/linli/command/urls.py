"""Addresses of the command centres."""

from django.urls import URLPattern, URLResolver, path, re_path

from .web import brief, compare, maps, pages, playback, together, wall

app_name = "command"
urlpatterns: list[URLPattern | URLResolver] = [
    path("command/", pages.home, name="home"),
    path("command/data.json", pages.data, name="data"),
    path("command/cells.json", maps.cells, name="cells"),
    path("command/pressed.json", maps.pressed, name="pressed"),
    path("command/map.geojson", maps.geojson, name="geojson"),
    path("command/worker.js", wall.worker, name="wall-worker"),
    path("command/together/", together.page, name="together"),
    path("command/playback/", playback.page, name="playback"),
    path("command/playback/data.json", playback.data, name="playback_data"),
    path("command/compare/", compare.page, name="compare"),
    path("command/compare/table.xlsx", compare.as_xlsx, name="compare_xlsx"),
    path("command/compare/table.csv", compare.as_csv, name="compare_csv"),
    re_path(r"^command/compare/(?P<key>[a-z]+)\.(?P<kind>svg|png)$", compare.figure, name="compare_figure"),
    path("command/brief/", brief.page, name="brief"),
    path("command/brief/brief.pdf", brief.as_pdf, name="brief_pdf"),
    re_path(r"^command/(?P<division>\d{9})/$", pages.subdistrict, name="subdistrict"),
]
