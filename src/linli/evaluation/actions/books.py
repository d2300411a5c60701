"""Making books: queued, written chapter by chapter into var/books, let go. Nothing is set while a transaction is open."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.jobs import actions as jobs
from linli.jobs import queries as job_reads
from linli.site import printing

from .. import permissions
from ..book import Edition, chapters, paper, screen, word
from ..book.chapters import lots
from ..choices import BookState, ResultState
from ..models import Book, Result
from ..queries.books import folder, sources
from ..queries.explored import explored

KIND = "evaluation.book"
TITLE_LONGEST = 60
Told = Callable[[int, int, Any], None]

BUILDING, PRINTING, WRITING, PACKING, DONE = (
    gettext_lazy("正在编写各章"), gettext_lazy("正在排版 PDF"), gettext_lazy("正在写 DOCX"), gettext_lazy("正在打包网页版"),
    gettext_lazy("印好了"),
)  # fmt: skip


def ask_for_book(*, actor: Actor, result_id: UUID | str, title: str = "", language: str = "zh-hans") -> Book:
    """Queue a book of a finished result. Raises Forbidden, Missing, Invalid (title, language), Conflict (one is in work)."""
    row = new_book(actor=actor, result_id=result_id, title=title, language=language)
    with transaction.atomic():
        job = jobs.start(
            KIND, actor=actor, params={"book": str(row.pk)}, return_url=reverse("evaluation:book", args=[row.pk])
        )
        Book.objects.filter(pk=row.pk).update(job=job.pk)
    row.job = job.pk
    return row


def new_book(*, actor: Actor, result_id: UUID | str, title: str = "", language: str = "zh-hans") -> Book:
    """A book that somebody is about to make. Raises as `ask_for_book`."""
    permissions.can_work(actor).or_forbidden()
    result = Result.objects.select_related("framework").defer("summary").filter(pk=result_id).first()
    if result is None or result.inputs_id is None:
        raise Missing("not_computed", _("没有这份测算结果，或者还没有测算完。"))
    if result.state == ResultState.WITHDRAWN:
        raise Conflict("withdrawn", _("这份结果已经撤回，不能编印。"))
    name = title.strip() or _("%(name)s年度报告") % {"name": result.framework.name}
    if len(name) > TITLE_LONGEST:
        sentence = _("书名请在 %(n)s 字以内。") % {"n": TITLE_LONGEST}
        raise Invalid("title_too_long", sentence, fields={"title": [sentence]})
    if printing.available() and (missing := printing.unprintable(name)):
        sentence = str(printing.NO_GLYPH) % {"characters": _("、").join(missing)}
        raise Invalid("no_glyph", sentence, fields={"title": [sentence]})
    if language not in dict(settings.LANGUAGES):
        sentence = _("没有这种语言。")
        raise Invalid("no_such_language", sentence, fields={"language": [sentence]})
    _not_in_work(result.pk, language)
    return Book.objects.create(
        result=result, year=result.year_to, title=name, language=language, by=actor.label, at=clock.now()
    )


def _not_in_work(result: UUID, language: str) -> None:
    for job in Book.objects.filter(result_id=result, language=language, state=BookState.MAKING).values_list("job", flat=True):  # fmt: skip
        if _open(job):
            raise Conflict("book_in_work", _("这份结果的年报正在编印，请等它印好。"))


def _open(job: UUID | None) -> bool:
    """Whether somebody still works on it."""
    if job is None:
        return False
    try:
        return job_reads.job(SYSTEM, job).is_open
    except Missing:
        return False


@dataclass(frozen=True, slots=True)
class _Made:
    format: str
    content: bytes


def carry_out(*, id: UUID | str, actor: Actor, told: Told = lambda done, total, what: None) -> dict[str, Any]:
    """Write the files of a book and mark it ready. Returns how many bytes each format has.

    Raises Missing, Invalid (no_glyph), Conflict (ended meanwhile), and whatever `told` raises to stop it.
    """
    row = Book.objects.filter(pk=id).first()
    if row is None:
        raise Missing("no_such_book", _("没有这本年报，或者还没有发布。"))
    with translation.override(row.language):
        edition = _edition(actor, row)
        made = _made(edition, told)
        name = paper.file_name(edition)
    files = {}
    place = folder(row.pk)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in made:
        ending = "zip" if one.format == "html" else one.format
        part = place / f"{one.format}.part"
        part.write_bytes(one.content)
        part.replace(place / f"{name}.{ending}")
        digest = hashlib.sha256(one.content).hexdigest()
        files[one.format] = {"name": f"{name}.{ending}", "bytes": len(one.content), "digest": digest}
    finish(id=row.pk, files=files, problem="" if "pdf" in files else _no_pdf())
    return {f: v["bytes"] for f, v in files.items()}


def _edition(actor: Actor, row: Book) -> Edition:
    of = explored(actor, row.result_id)
    return Edition(of, row.year, row.title, clock.now(), sources(of.opened))


def _made(edition: Edition, told: Told) -> list[_Made]:
    """The three forms, saying after each chapter how far it is."""
    count = lots(edition)
    has_pdf, has_word = printing.available(), word.available()
    total = count * (1 + has_pdf + has_word) + has_pdf + 1
    done = 0

    def step(what: Any) -> Callable[[], None]:
        def one() -> None:
            nonlocal done
            done += 1
            told(min(done, total), total, what)

        return one

    told(0, total, BUILDING)
    held = []
    count_one = step(BUILDING)
    for chapter in chapters(edition):
        held.append(chapter)
        count_one()
    found = []
    if has_pdf:
        told(done, total, PRINTING)
        found.append(_Made("pdf", paper.pdf(edition, held, step(PRINTING))))
        step(PRINTING)()
    if has_word:
        found.append(_Made("docx", word.docx(edition, held, step(WRITING))))
    found.append(_Made("html", screen.archive(edition, held)))
    told(total, total, DONE)
    return found


def _no_pdf() -> str:
    return _("这台服务器没有装 PDF 组件，只有网页版。请打开网页版，用浏览器打印。")


def finish(*, id: UUID | str, files: dict[str, Any], problem: str = "") -> None:
    """The files lie there. Raises Conflict if the book was ended meanwhile."""
    mine = Book.objects.filter(pk=id, state__in=[BookState.MAKING, BookState.FAILED])
    if not mine.update(state=BookState.READY, files=files, problem=problem, ready_at=clock.now()):
        raise Conflict("not_making", _("这本年报不在编印中。"))


def fail(*, id: UUID | str, why: Any) -> None:
    """A book that was not made keeps the reason."""
    with translation.override("zh-hans"):
        Book.objects.filter(pk=id, state=BookState.MAKING).update(state=BookState.FAILED, problem=str(why)[:400])


def drop_book(*, actor: Actor, id: UUID | str) -> None:
    """Let a book and its files go; it can be made again from its result. Raises Forbidden, Missing, Conflict."""
    permissions.can_work(actor).or_forbidden()
    row = Book.objects.filter(pk=id).first()
    if row is None:
        raise Missing("no_such_book", _("没有这本年报，或者还没有发布。"))
    if row.state == BookState.MAKING and _open(row.job):
        raise Conflict("book_in_work", _("这份结果的年报正在编印，请等它印好。"))
    Book.objects.filter(pk=row.pk).delete()
    if os.path.isdir(folder(row.pk)):
        shutil.rmtree(folder(row.pk))
