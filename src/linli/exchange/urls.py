"""Addresses of exchange: for every table that a room offers, upload, preview, confirm, undo and downloads."""

from django.urls import URLPattern, URLResolver, path

from . import web

app_name = "exchange"
urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/import/<slug:kind>/", web.start, name="start"),
    path("settings/import/<slug:kind>/table.xlsx", web.table, name="table"),
    path("settings/import/<slug:kind>/<uuid:id>/", web.preview, name="preview"),
    path("settings/import/<slug:kind>/<uuid:id>/refused.xlsx", web.refused, name="refused"),
    path("settings/import/<slug:kind>/<uuid:id>/confirm", web.confirm, name="confirm"),
    path("settings/import/<slug:kind>/<uuid:id>/undo", web.undo, name="undo"),
    path("settings/import/<slug:kind>/<uuid:id>/drop", web.drop, name="drop"),
]
