"""A resident's browser without JavaScript: reads the form that a page shows and presses its buttons."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

SPOT = (116.3599, 39.8858)  # 牛街街道


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._in = False
        self._area: str | None = None
        self._select: str | None = None
        self._template = False  # what a template holds belongs to no form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        if tag == "form":
            self._in = a.get("id") == "report"
        self._template = self._template or tag == "template"
        if not self._in or self._template or "disabled" in a:
            return
        name = a.get("name")
        if tag == "textarea" and name:
            self._area = name
            self.fields.append((name, ""))
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and "selected" in a:
            self.fields.append((self._select, a.get("value") or ""))
        if tag != "input" or not name or a.get("type") == "file":
            return
        if a.get("type") in ("radio", "checkbox") and "checked" not in a:
            return
        self.fields.append((name, a.get("value") or ("on" if a.get("type") == "checkbox" else "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._template = False
        if tag == "form":
            self._in = False
        if tag == "textarea":
            self._area = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            name, value = self.fields[-1]
            self.fields[-1] = (name, value + data)


class Resident:
    """`open()`, then `press("next", field=value, files=[...])` as often as there are steps."""

    def __init__(self, client: Client | None = None) -> None:
        self.client = client or Client()
        self.page: Any = None
        self.fields: list[tuple[str, str]] = []

    def open(self) -> Resident:
        return self._read(self.client.get("/report/"))

    def press(self, go: str, *, files: list[Any] | None = None, **typed: str) -> Resident:
        data: dict[str, Any] = {}
        for name, value in self.fields:
            data.setdefault(name, []).append(value)
        for name, value in typed.items():
            data[name] = [value]
        data["go"] = [go]
        data |= {"files": files} if files else {}
        return self._read(self.client.post("/report/", data))

    def _read(self, page: Any) -> Resident:
        self.page = page
        parser = _Form()
        parser.feed(page.content.decode() if not page.streaming else "")
        self.fields = parser.fields
        return self

    def value(self, name: str) -> str:
        return next((v for n, v in self.fields if n == name), "")

    def values(self, name: str) -> list[str]:
        return [v for n, v in self.fields if n == name]

    @property
    def text(self) -> str:
        return str(self.page.content.decode())

    def to_what(self) -> Resident:
        """As the map's script does it."""
        return self.open().press("next", lon=str(SPOT[0]), lat=str(SPOT[1]), source="map")

    def to_check(self, **said: str) -> Resident:
        what = {"class_code": "0102", "description": "单元门口堆了垃圾"} | said
        return self.to_what().press("next", **what)


def picture(name: str = "a.jpg", colour: tuple[int, int, int] = (90, 120, 150)) -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), "image/jpeg")
