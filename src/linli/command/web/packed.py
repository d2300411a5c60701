"""JSON answers of the boards, packed where the browser takes it."""

from __future__ import annotations

import gzip
import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

ZIPPED = re.compile(r"\bgzip\b")


def packed(request: HttpRequest, body: bytes) -> HttpResponse:
    """`body` is JSON and holds no secret that its length could tell."""
    response = HttpResponse(body, content_type="application/json")
    patch_vary_headers(response, ("Accept-Encoding",))
    if ZIPPED.search(request.headers.get("Accept-Encoding", "")):
        # level 2: a sixth more bytes than Django's 6 for a quarter of its work, and a wall asks every minute
        response.content = gzip.compress(body, 2, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response
