"""Addresses of long work."""

from django.urls import URLPattern, URLResolver, path

from . import web

app_name = "jobs"
urlpatterns: list[URLPattern | URLResolver] = [
    path("jobs/", web.job_list, name="list"),
    path("jobs/<uuid:id>/", web.job, name="job"),
    path("jobs/<uuid:id>/cancel/", web.cancel, name="cancel"),
]
