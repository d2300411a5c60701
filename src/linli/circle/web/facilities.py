"""Pages of the service circle: facilities."""

from __future__ import annotations

from django.urls import URLPattern

urls: list[URLPattern] = []
