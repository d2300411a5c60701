"""Addresses of coordination."""

from django.urls import URLPattern, URLResolver, path

from .web import addresses, consultation_papers, consultations, home, summons, summons_call, summonses

app_name = "coordination"
urlpatterns: list[URLPattern | URLResolver] = [
    path("coordination/", home.home, name="home"),
    path("coordination/summons/", summonses.summonses, name="summonses"),
    path("coordination/summons/new", summons_call.call, name="summons-new"),
    path("coordination/summons/statistics", summonses.statistics, name="summons-statistics"),
    path("coordination/summons/<int:id>/", summons.one, name="summons"),
    path("coordination/summons/<int:id>/sheet", summons.sheet, name="summons-sheet"),
    path("coordination/summons/<int:id>/<slug:verb>/", summons.move, name="summons-move"),
    path("coordination/consultations/", consultations.consultations, name="consultations"),
    path("coordination/consultations/new", consultations.plan, name="consultation-new"),
    path("coordination/consultations/<int:id>/", consultations.one, name="consultation"),
    path("coordination/consultations/<int:id>/agenda.pdf", consultation_papers.agenda, name="consultation-agenda"),
    path("coordination/consultations/<int:id>/minutes.pdf", consultation_papers.minutes, name="consultation-minutes"),
    path("coordination/consultations/<int:id>/<slug:verb>/", consultations.press, name="consultation-press"),
    path("coordination/decisions/", consultations.decisions, name="decisions"),
    *addresses.patterns,
]
