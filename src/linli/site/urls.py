"""Addresses of site."""

from django.conf import settings
from django.urls import path
from django.views.generic import RedirectView

from . import live, web

app_name = "site"
urlpatterns = [
    path("language/", web.language, name="language"),
    path("app.webmanifest", web.manifest, name="manifest"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}site/icon.svg"), name="favicon"),
    path("healthz", web.healthz, name="healthz"),
    path("metrics", web.metrics_text, name="metrics"),
    path("styleguide/", web.styleguide, name="styleguide"),
    path(live.PATH.lstrip("/"), live.changes, name="live"),
]
