"""Addresses of the service circle; each module of `web` lists its own."""

from __future__ import annotations

from .web import catalogue, facilities, matrices, planner, records, surveys

app_name = "circle"
urlpatterns = [
    *catalogue.urls,
    *facilities.urls,
    *matrices.urls,
    *planner.urls,
    *surveys.urls,
    *records.urls,
]
