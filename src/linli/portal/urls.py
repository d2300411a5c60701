"""Addresses of the residents' pages."""

from django.urls import URLPattern, URLResolver, path

from .web import answers, around, follow, here, matters, pages, report, send

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("report/", report.report, name="report"),
    path("report/here", here.here, name="here"),
    path("report/photo", send.add_photo, name="add_photo"),
    path("report/send", send.send, name="send"),
    path("report/offline/", pages.offline, name="offline"),
    path("follow/", follow.follow, name="follow"),
    path("follow/<str:number>/<str:code>/", follow.own, name="own"),
    path("follow/<str:number>/<str:code>/answer", follow.answer, name="answer"),
    path("follow/<str:number>/<str:code>/erase", follow.erase, name="erase"),
    path("follow/<str:number>/<str:code>/photos/<photo_key:key>/<photo_size:size>.jpg", follow.photo, name="own_photo"),
    path("matters/", matters.matters, name="matters"),
    path("matters/<str:number>/", matters.matter, name="matter"),
    path("around/", around.around, name="around"),
    path("answers/", answers.answers, name="answers"),
    path("answers/search", answers.suggest, name="answer-search"),
    path("answers/<slug:article>/", answers.answer, name="article"),
    path("answers/<slug:article>/helped", answers.helped, name="answer-helped"),
    path("privacy/", pages.privacy, name="privacy"),
    path("about/", pages.about, name="about"),
    path("worker.js", pages.worker, name="worker"),
]
