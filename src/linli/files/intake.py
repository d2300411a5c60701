"""The first line against large bodies: what is past the limit is read from the wire and thrown away."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from .images import MAX_BYTES


class Cut(FileUploadHandler):
    """Cuts every file one byte past the limit, so that 40 MB never reach the disk and the answer can still say why."""

    def __init__(self, request: HttpRequest | None = None, most_bytes: int = MAX_BYTES) -> None:
        super().__init__(request)
        self.most_bytes = most_bytes

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        left = self.most_bytes + 1 - start
        return None if left <= 0 else raw_data[:left]

    def file_complete(self, file_size: int) -> None:
        return None


View = Callable[..., HttpResponseBase]


def files_up_to(most_bytes: int) -> Callable[[View], View]:
    """For views whose files are no larger than this. Handlers must be set before the body is read, and the CSRF check
    reads it: so the check is made inside, by the same decorator."""

    def decorate(view: View) -> View:
        checked = csrf_protect(view)

        @wraps(view)
        def cutting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.upload_handlers.insert(0, Cut(request, most_bytes))
            return checked(request, *args, **kwargs)

        return csrf_exempt(cutting)

    return decorate


def photos_only(view: View) -> View:
    """For views whose only files are photographs."""
    return files_up_to(MAX_BYTES)(view)
