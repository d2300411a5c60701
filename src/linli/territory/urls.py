"""Addresses of the territory."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .web import public, settings

app_name = "territory"
urlpatterns: list[URLPattern | URLResolver] = [
    path("tiles/<slug:revision>/<int:z>/<int:x>/<int:y>.mvt", public.tile, name="tile"),
    path("places/search", public.search, name="search"),
    path("places/locate", public.locate, name="locate"),
    path("places/grid/<slug:code>", public.grid, name="grid"),
    path("places/boundaries/<slug:revision>/<int:level>.geojson", public.boundaries, name="boundaries-geojson"),
    path("settings/boundaries/", settings.boundaries, name="boundaries"),
    path("settings/boundaries/<int:file_id>/", settings.boundary_file, name="boundary-file"),
    path("settings/boundaries/withdraw/<slug:layer>/", settings.withdraw, name="boundaries-withdraw"),
]
