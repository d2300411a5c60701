"""Addresses of the evaluation; each module of `web` lists its own."""

from __future__ import annotations

from .web import books, compare, data, deliveries, experts, explore, frameworks, results, yearbook

app_name = "evaluation"
urlpatterns = [
    *results.urls,
    *explore.urls,
    *compare.urls,
    *data.urls,
    *deliveries.urls,
    *frameworks.urls,
    *experts.urls,
    *books.urls,
    *yearbook.urls,
]
