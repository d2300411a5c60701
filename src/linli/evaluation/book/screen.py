"""The book as a page that stands by itself, with its figures beside it, in one ZIP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from django.template.loader import render_to_string

from .. import charts
from .blocks import Chapter, Drawn
from .edition import Edition
from .paper import contents, frame, style


def html(edition: Edition, chapters: Sequence[Chapter]) -> str:
    context = frame(edition) | {"chapters": chapters, "contents": contents(chapters)}
    return render_to_string("evaluation/book/screen.html", context)


def archive(edition: Edition, chapters: Sequence[Chapter]) -> bytes:
    """index.html, its style, and every figure as a file of its own with its name and result on it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("index.html", html(edition, chapters))
        packed.writestr("book.css", style() + style("book_screen"))
        for chapter in chapters:
            for block in chapter.blocks:
                if isinstance(block, Drawn):
                    packed.writestr(f"figures/{block.name}.svg", charts.flat(block.svg))
    return out.getvalue()
