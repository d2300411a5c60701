"""Addresses of topics, campaigns and the duty roster, for urls.py."""

from __future__ import annotations

from django.urls import URLPattern, path

from . import campaigns, roster, topics

ROOM = "coordination/"
patterns: list[URLPattern] = [
    path(f"{ROOM}topics/", topics.listed, name="topics"),
    path(f"{ROOM}topics/new/", topics.new, name="topic-new"),
    path(f"{ROOM}topics/rules/", topics.rules, name="topic-rules"),
    path(f"{ROOM}topics/<int:id>/", topics.one, name="topic"),
    path(f"{ROOM}topics/<int:id>/move", topics.move, name="topic-move"),
    path(f"{ROOM}campaigns/", campaigns.listed, name="campaigns"),
    path(f"{ROOM}campaigns/new/", campaigns.new, name="campaign-new"),
    path(f"{ROOM}campaigns/<int:id>/", campaigns.one, name="campaign"),
    path(f"{ROOM}campaigns/<int:id>/edit/", campaigns.edit, name="campaign-edit"),
    path(f"{ROOM}campaigns/<int:id>/turn", campaigns.turn, name="campaign-turn"),
    path(f"{ROOM}campaigns/<int:id>/cases/", campaigns.cases, name="campaign-cases"),
    path(f"{ROOM}campaigns/<int:id>/table.xlsx", campaigns.as_xlsx, name="campaign-xlsx"),
    path(f"{ROOM}roster/", roster.week, name="roster"),
    path(f"{ROOM}roster/change", roster.change, name="roster-change"),
    path(f"{ROOM}on-call/", roster.now, name="on-call"),
]
