"""Addresses of response: registering, the list, the case, the field, and what the chain is steered by."""

from django.urls import URLPattern, URLResolver, path

from .web import case, cases, desk, field, lookups, settings

app_name = "response"
urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/", desk.desk, name="desk"),
    path("desk/receipt", desk.receipt, name="desk-receipt"),
    path("classes/search", lookups.classes, name="class-search"),
    path("cases/", cases.cases, name="cases"),
    path("cases/export.csv", cases.export, name="cases_csv"),
    path("cases/nearby", lookups.nearby, name="nearby"),
    path("cases/<str:number>/", case.case, name="case"),
    path("cases/<str:number>/contact", case.contact, name="contact"),
    path("cases/<str:number>/<slug:verb>/", case.move, name="move"),
    path("field/", field.field, name="field"),
    path("field/offline/", field.offline, name="field-offline"),
    path("field/worker.js", field.worker, name="field-worker"),
    path("field/send", field.send, name="field-send"),
    path("settings/routes/", settings.routes, name="routes"),
    path("settings/classes/", settings.classes, name="classes"),
]
