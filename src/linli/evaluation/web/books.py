"""The yearly book: make, progress, fetch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing, Refusal
from linli.jobs import queries as jobs
from linli.site import printing

from .. import permissions
from ..actions import books as write
from ..choices import ResultState
from ..queries import books as read
from ..queries import results as result_reads
from ..queries.explored import explored
from . import explore_words as words

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "application/zip",
}
PRINTABLE = (ResultState.DONE, ResultState.RELEASED)


@require_safe
@require(*permissions.READ_KINDS)
def page(request: ActorRequest) -> HttpResponse:
    return render(request, "evaluation/books.html", _context(request))


def _context(request: ActorRequest, refusal: Refusal | None = None) -> dict[str, object]:
    may = bool(permissions.can_work(request.actor))
    results = [r for r in result_reads.results(request.actor) if r.state in PRINTABLE] if may else []
    asked = request.POST if request.method == "POST" else request.GET
    return {
        "books": read.books(request.actor), "may_work": may, "results": results, "pdf": printing.available(),
        "languages": settings.LANGUAGES, "language": asked.get("language") or get_language(), "chosen": asked.get("result", ""),
        "title": asked.get("title", ""), "refusal": refusal,
    }  # fmt: skip


@require_POST
@require(*permissions.WORK_KINDS)
def make(request: ActorRequest) -> HttpResponse:
    result = request.POST.get("result", "")
    try:
        if not result:
            sentence = _("请选一份测算结果。")
            raise Invalid("choose_result", sentence, fields={"result": [sentence]})
        found = result_reads.result(request.actor, result)
        book = write.ask_for_book(
            actor=request.actor, result_id=found.id, title=request.POST.get("title", "").replace("\0", ""),
            language=request.POST.get("language", "") or "zh-hans",
        )  # fmt: skip
    except Invalid as refusal:
        return render(request, "evaluation/books.html", _context(request, refusal), status=422)
    return redirect("evaluation:book", id=book.pk)


@never_cache
@require_safe
@require(*permissions.READ_KINDS)
def one(request: ActorRequest, id: UUID) -> HttpResponse:
    """How far a book is; then its files."""
    book = read.book(request.actor, id)
    job = None
    if book.job is not None and book.state != "ready":
        try:
            job = jobs.job(request.actor, book.job)
        except Missing:
            job = None  # somebody else asked for it
    of = explored(request.actor, book.result)
    context = {
        "book": book, "job": job, "row": of.opened.row, "reasons": words.reasons(of.opened.row.reasons, of.opened),
        "may_work": bool(permissions.can_work(request.actor)), "data_day": words.data_day(of.opened.row.cut),
    }  # fmt: skip
    return render(request, "evaluation/book.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def fetch(request: ActorRequest, id: UUID, format: str) -> Any:
    """Raises Missing: no such book, or not in this form."""
    book = read.book(request.actor, id)
    place = read.place_of(book, format)
    return FileResponse(place.open("rb"), as_attachment=True, filename=place.name, content_type=TYPES[format])


@require_POST
@require(*permissions.WORK_KINDS)
def drop(request: ActorRequest, id: UUID) -> HttpResponse:
    write.drop_book(actor=request.actor, id=id)
    messages.success(request, _("已删除这本年报，可以随时重新编印。"))
    return redirect("evaluation:books")


urls: list[URLPattern] = [
    path("evaluation/books/", page, name="books"),
    path("evaluation/books/make/", make, name="book-make"),
    path("evaluation/books/<uuid:id>/", one, name="book"),
    path("evaluation/books/<uuid:id>/drop/", drop, name="book-drop"),
    path("evaluation/books/<uuid:id>/files/<slug:format>/", fetch, name="book-file"),
]
