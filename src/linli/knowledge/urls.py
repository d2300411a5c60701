"""Addresses of the knowledge base for staff."""

from django.urls import URLPattern, URLResolver, path

from .web import due, gaps, keep, read, tables

app_name = "knowledge"
urlpatterns: list[URLPattern | URLResolver] = [
    path("knowledge/", read.home, name="search"),
    path("knowledge/search", read.suggest, name="suggest"),
    path("knowledge/due/", due.due, name="due"),
    path("knowledge/wrong/<int:doubt_id>/settle", due.settle, name="settle"),
    path("knowledge/gaps/", gaps.gaps, name="gaps"),
    path("knowledge/gaps/<int:gap_id>/settle", gaps.settle, name="gap-settle"),
    path("knowledge/export.csv", tables.export, name="export"),
    path("knowledge/export.xlsx", tables.as_xlsx, name="export_xlsx"),
    path("knowledge/new/", keep.new, name="new"),
    path("knowledge/<slug:article>/", read.article, name="article"),
    path("knowledge/<slug:article>/<int:number>/", read.version, name="version"),
    path("knowledge/<slug:article>/edit/", keep.edit, name="edit"),
    path("knowledge/<slug:article>/publish", keep.publish, name="publish"),
    path("knowledge/<slug:article>/retire", keep.retire, name="retire"),
    path("knowledge/<slug:article>/review", keep.review, name="review"),
    path("knowledge/<slug:article>/wrong", due.wrong, name="wrong"),
]
