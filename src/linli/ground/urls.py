"""Addresses of the ground."""

from django.urls import URLPattern, URLResolver, path

from .web import borders, design_files, designer, designs, home, matters, merger_lines, mergers, nets

app_name = "ground"
urlpatterns: list[URLPattern | URLResolver] = [
    path("ground/", home.home, name="home"),
    *borders.urls,
    *mergers.urls,
    *merger_lines.urls,
    *matters.urls,
    *nets.urls,
    *designs.urls,
    *designer.urls,
    *design_files.urls,
]
