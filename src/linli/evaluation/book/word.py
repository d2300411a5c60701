"""The book as DOCX, for those who go on writing in it: real headings, real tables, figures as pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from linli.core.errors import Missing
from linli.site import printing

from .. import charts
from .blocks import Chapter, Drawn
from .edition import Edition
from .paper import Told, frame

FONT = "Noto Sans CJK SC"
DOTS = 150
"""Dots an inch of the pictures."""
AT_ONCE = 10
INK, BRAND, QUIET, WARN = "16202E", "0B57A4", "5A6678", "9C3A08"


def available() -> bool:
    """Whether DOCX can be made here."""
    try:
        import docx  # noqa: F401
        import pypdfium2  # noqa: F401
    except ImportError:
        return False
    return printing.available()


def docx(edition: Edition, chapters: Sequence[Chapter], told: Told = lambda: None) -> bytes:
    """`told` is called after each chapter. Raises Missing (no_docx)."""
    if not available():
        raise Missing("no_docx", _("这台服务器没有装 DOCX 组件，请改用 PDF 或网页版。"))
    from docx import Document

    document = Document()
    _styles(document)
    _edges(document, edition)
    _cover(document, edition)
    for chapter in chapters:
        pictures = _pictures([b for b in chapter.blocks if isinstance(b, Drawn)])
        if chapter.listed:
            document.add_page_break()
            document.add_heading(chapter.heading, 1)
        for block in chapter.blocks:
            SETTERS[block.kind](document, block, pictures)
        told()
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _styles(document: Any) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    for name, size, heavy in (("Normal", 10, False), ("Heading 1", 20, True), ("Heading 2", 13, True), ("Caption", 9, True), ("List Bullet", 10, False)):  # fmt: skip
        style = document.styles[name]
        style.font.name, style.font.size, style.font.bold = FONT, Pt(size), heavy
        style.font.italic = False
        style.font.color.rgb = RGBColor.from_string(BRAND if name == "Heading 1" else INK)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for place in ("w:eastAsia", "w:ascii", "w:hAnsi"):
            fonts.set(qn(place), FONT)
        for place in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme"):
            fonts.attrib.pop(qn(place), None)
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(1.8)
    page.top_margin = page.bottom_margin = Cm(2)


def _edges(document: Any, edition: Edition) -> None:
    """Every page says which result it is and what it is not."""
    section = document.sections[0]
    head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
    _run(head, edition.title, size=8, colour=QUIET)
    _run(foot, edition.provenance + "　", size=8, colour=QUIET)
    _field(foot, "PAGE")


def _field(paragraph: Any, word: str) -> None:
    """A number that the word processor counts."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", word), ("end", "")):
        element = OxmlElement("w:instrText" if text else "w:fldChar")
        if text:
            element.text = text
        else:
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)


def _run(paragraph: Any, text: str, *, size: float = 0, colour: str = "", bold: bool | None = None) -> None:
    from docx.shared import Pt, RGBColor

    run = paragraph.add_run(text)
    if size:
        run.font.size = Pt(size)
    if colour:
        run.font.color.rgb = RGBColor.from_string(colour)
    run.bold = bold


def _cover(document: Any, edition: Edition) -> None:
    for _n in range(6):
        document.add_paragraph()
    for text, size, colour in ((edition.row.framework, 12, QUIET), (edition.title, 30, BRAND), (str(edition.year), 40, INK), (edition.mark, 14, WARN)):  # fmt: skip
        if text:
            _run(document.add_paragraph(), text, size=size, colour=colour, bold=True)
    if edition.row.experimental:
        document.add_paragraph(_("实验性结果，不印总指数的位次。"))
        for reason in frame(edition)["reasons"]:
            document.add_paragraph(_("%(why)s：%(parts)s") % {"why": reason["sentence"], "parts": _("、").join(reason["parts"])}, style="List Bullet")  # fmt: skip
    lines = (
        _("结果码：%(hash)s") % {"hash": edition.row.digest},
        edition.data_day,
        f"linli verify-result {edition.row.short}",
    )
    for line in lines:
        _run(document.add_paragraph(), line, size=9, colour=QUIET)


def _section(document: Any, block: Any, pictures: dict[str, bytes]) -> None:
    if block.fresh:
        document.add_page_break()
    document.add_heading(block.title, 2)


def _paragraph(document: Any, block: Any, pictures: dict[str, bytes]) -> None:
    how = {"lead": (11, INK), "note": (8, QUIET), "warn": (10, WARN)}.get(block.tone, (0, ""))
    _run(document.add_paragraph(), block.text, size=how[0], colour=how[1], bold=True if block.tone == "warn" else None)


def _listing(document: Any, block: Any, pictures: dict[str, bytes]) -> None:
    for item in block.items:
        document.add_paragraph(item, style="List Bullet")


def _facts(document: Any, block: Any, pictures: dict[str, bytes]) -> None:
    paragraph = document.add_paragraph()
    for k, fact in enumerate(block.facts):
        _run(paragraph, f"{'　' if k else ''}{fact.label} ", size=9, colour=QUIET)
        _run(paragraph, fact.value, size=12, bold=True)
        if fact.more:
            _run(paragraph, f"（{fact.more}）", size=8, colour=QUIET)


def _grid(document: Any, block: Any, pictures: dict[str, bytes]) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    if block.title:
        document.add_paragraph(block.title, style="Caption")
    table = document.add_table(rows=0, cols=len(block.heads), style="Light Grid Accent 1")
    size = 7.5 if block.small else 9
    for k, row in enumerate((block.heads, *block.rows)):
        cells = table.add_row().cells
        for place, cell in zip(cells, row, strict=True):
            paragraph = place.paragraphs[0]
            if cell.number:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            _run(paragraph, cell.text, size=size, bold=k == 0)
    _repeat_head(table)
    if block.note:
        _run(document.add_paragraph(), block.note, size=8, colour=QUIET)


def _repeat_head(table: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)


def _drawn(document: Any, block: Any, pictures: dict[str, bytes]) -> None:
    from docx.shared import Cm

    caption = document.add_paragraph(block.title, style="Caption")
    caption.paragraph_format.keep_with_next = True
    picture = document.add_picture(io.BytesIO(pictures[block.name]), width=Cm(17.4))
    said = picture._inline.docPr
    said.set("descr", f"{block.title}。{block.note}")
    if block.note:
        _run(document.add_paragraph(), block.note, size=8, colour=QUIET)


Setter = Callable[[Any, Any, dict[str, bytes]], None]
SETTERS: dict[str, Setter] = {
    "section": _section, "paragraph": _paragraph, "listing": _listing, "facts": _facts, "grid": _grid, "drawn": _drawn,
}  # fmt: skip


def _pictures(figures: Sequence[Drawn]) -> dict[str, bytes]:
    """Name -> PNG, in lots."""
    found: dict[str, bytes] = {}
    for start in range(0, len(figures), AT_ONCE):
        lot = figures[start : start + AT_ONCE]
        found |= dict(zip([f.name for f in lot], pngs([f.svg for f in lot]), strict=True))
    return found


def pngs(drawings: Sequence[str]) -> Iterator[bytes]:
    """Figures as PNG, by way of a PDF with one page each. Raises Missing (no_printing)."""
    import pypdfium2

    sizes = [charts.size(svg) for svg in drawings]
    css = "@page { margin: 0 } body { margin: 0 } svg { display: block }" + "".join(
        f"@page p{k} {{ size: {w}px {h}px }} .p{k} {{ page: p{k}; break-after: page; height: {h}px }}"
        for k, (w, h) in enumerate(sizes)
    )
    pages = "".join(f'<div class="p{k}">{charts.flat(svg)}</div>' for k, svg in enumerate(drawings))
    press = printing.Press(css)
    press.add(f"<!doctype html><body>{pages}</body>")
    document = pypdfium2.PdfDocument(press.pdf())
    try:
        for k in range(len(drawings)):
            out = io.BytesIO()
            document[k].render(scale=DOTS / 72).to_pil().convert("P", palette=1, colors=128).save(
                out, "PNG", optimize=False
            )
            yield out.getvalue()
    finally:
        document.close()
