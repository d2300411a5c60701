"""HTML to PDF by WeasyPrint, an extra (`print`) that needs Debian's Pango. Nothing is fetched but the two bundled fonts.

Where a font lacks a character, WeasyPrint leaves a hole without a word. So the fonts come with the product (`fonts`), and
what they cannot print is known before: `unprintable`.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.errors import Invalid, Missing

log = logging.getLogger("linli.printing")

FONTS = Path(__file__).resolve().parent / "fonts"
FACES = {400: FONTS / "LinliSans-Regular.otf", 700: FONTS / "LinliSans-Bold.otf"}
FAMILY = "Linli Sans"
NAMES = (FAMILY, "Noto Sans CJK SC")
"""Sheets ask for the second name too: they get the bundled font, whatever the server has."""
NO_GLYPH = gettext_lazy("字库里没有这些字，印出来会缺字：%(characters)s。请改用通用规范汉字。")


@cache
def available() -> bool:
    """Whether PDFs can be made here: the library is installed and finds Pango."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):  # OSError: the library is there, Pango is not
        return False
    return True


def check() -> None:
    """Raises Missing (no_printing) where no PDF can be made."""
    if not available():
        raise Missing("no_printing", _("这台服务器没有装 PDF 组件，请打开网页版，用浏览器打印。"))


def pdf(html: str, css: str, *, strict: bool = False, told: Callable[[int], None] | None = None) -> bytes:
    """The pages as PDF with a text layer. `told` hears the number of pages laid out, before they are drawn.

    Raises Missing (no_printing) where it cannot be made. A character that the fonts lack is in the log; with `strict` it
    is refused: Invalid (no_glyph).
    """
    check()
    if strict:
        refuse_holes(html)
    elif missing := unprintable(html):
        log.warning("characters without a glyph", extra={"characters": " ".join(missing)})
    press = Press(css)
    press.add(html)
    if told is not None:
        told(press.pages)
    return press.pdf()


class Press:
    """Sheets laid out one after another and written as one PDF: a long book says how far it is, and can be stopped.

    Links between sheets hold; a sheet numbers its own pages, so it must be told where it begins. Characters are not
    checked here. Raises Missing (no_printing) where no PDF can be made.
    """

    def __init__(self, css: str) -> None:
        check()
        from weasyprint.text.fonts import FontConfiguration

        self._fonts = FontConfiguration()
        self._sheets = [self._sheet(text) for text in (_faces(), css)]
        self._front: list[Any] = []
        self._body: list[Any] = []
        self._last: Any = None

    def _sheet(self, css: str) -> Any:
        import weasyprint

        return weasyprint.CSS(string=css, url_fetcher=_fetcher(), font_config=self._fonts)

    @property
    def pages(self) -> int:
        """How many pages of the body are laid out."""
        return len(self._body)

    @property
    def places(self) -> dict[str, int]:
        """Anchor -> page of the body, from 1."""
        return {name: n for n, page in enumerate(self._body, 1) for name in page.anchors}

    def add(self, html: str, css: str = "", *, front: bool = False) -> int:
        """Lay out one sheet with a style of its own beside the common one; `front`: before the body and not counted.
        Returns how many pages it took.
        """
        import weasyprint

        self._last = weasyprint.HTML(string=html, url_fetcher=_fetcher()).render(
            stylesheets=[*self._sheets, self._sheet(css)], font_config=self._fonts
        )
        (self._front if front else self._body).extend(self._last.pages)
        return len(self._last.pages)

    def pdf(self) -> bytes:
        """All pages, the front ones first; the title is that of the sheet added last."""
        return bytes(self._last.copy([*self._front, *self._body]).write_pdf())


def _faces() -> str:
    """The bundled fonts under their names."""
    return "".join(
        f'@font-face {{ font-family: "{name}"; font-weight: {weight}; src: url("{path.as_uri()}"); }}'
        for name in NAMES
        for weight, path in FACES.items()
    )


@cache
def _fetcher() -> Any:
    """Opens the font files and nothing else, whatever a page asks for."""
    from weasyprint.urls import URLFetcher

    allowed = frozenset(path.as_uri() for path in FACES.values())

    class FontsOnly(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in allowed:
                raise ValueError(f"not fetched: {url}")
            return super().fetch(url, headers)

    return FontsOnly(allowed_protocols=("file",), allow_redirects=False)


@cache
def glyphs() -> frozenset[int]:
    """The characters that every bundled weight has."""
    from fontTools.ttLib import TTFont  # comes with WeasyPrint

    found: set[int] | None = None
    for path in FACES.values():
        with TTFont(path, lazy=True) as font:
            held = set(font.getBestCmap())
        found = held if found is None else found & held
    return frozenset(found or ())


def unprintable(html: str) -> list[str]:
    """The characters of a page's text that the bundled fonts lack, in the order of their code."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    held = {c for c in reader.found if not unicodedata.category(c).startswith(("C", "Z")) and not _variation(c)}
    return sorted(c for c in held if ord(c) not in glyphs())


def refuse_holes(html: str) -> None:
    """Raises Invalid (no_glyph) with the characters that would be left out."""
    if missing := unprintable(html):
        words = "、".join(f"{c}（U+{ord(c):04X}）" for c in missing[:20])
        raise Invalid("no_glyph", NO_GLYPH % {"characters": words})


def _variation(character: str) -> bool:
    return 0xFE00 <= ord(character) <= 0xFE0F


class _Text(HTMLParser):
    """Collects the characters between the tags, as they are printed."""

    SILENT = frozenset({"style", "script", "head"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[str] = set()
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._silent += tag in self.SILENT

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.update(data)
