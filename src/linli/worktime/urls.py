"""Addresses of the working calendar."""

from django.urls import URLPattern, URLResolver, path

from . import web

app_name = "worktime"
urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/calendar/", web.calendar, name="calendar"),
    path("settings/calendar/preview/", web.preview, name="preview"),
    path("settings/calendar/enter/", web.enter, name="enter"),
    path("settings/calendar/restore/", web.restore, name="restore"),
    path("settings/calendar/hours/", web.hours, name="hours"),
    path("settings/calendar/local/", web.local_days, name="local"),
]
