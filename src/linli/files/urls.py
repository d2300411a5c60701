"""Addresses of files."""

from django.urls import URLPattern, URLResolver, path, register_converter

from . import web
from .choices import Size


class PhotoKey:
    regex = "[0-9a-f]{32}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class PhotoSize(PhotoKey):
    regex = "|".join(Size.values)


register_converter(PhotoKey, "photo_key")
register_converter(PhotoSize, "photo_size")

app_name = "files"
urlpatterns: list[URLPattern | URLResolver] = [
    path("photos/", web.add_photo, name="add_photo"),
    path("photos/<photo_key:key>/<photo_size:size>.jpg", web.photo, name="photo"),
]
