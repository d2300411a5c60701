"""HTML to PDF by WeasyPrint, an extra (`print`) that needs Debian's Pango. Nothing is fetched: what is printed is given."""

from __future__ import annotations

from functools import cache
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from linli.core.errors import Missing


@cache
def available() -> bool:
    """Whether PDFs can be made here: the library is installed and finds Pango."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):  # OSError: the library is there, Pango is not
        return False
    return True


def pdf(html: str, css: str) -> bytes:
    """The pages as PDF with a text layer. Raises Missing (no_printing) where it cannot be made."""
    if not available():
        raise Missing("no_printing", _("这台服务器没有装 PDF 组件，请打开网页版，用浏览器打印。"))
    import weasyprint

    sheet = weasyprint.CSS(string=css, url_fetcher=_refused)
    found = weasyprint.HTML(string=html, url_fetcher=_refused).write_pdf(stylesheets=[sheet])
    return bytes(found)


def _refused(url: str, *_more: Any, **_named: Any) -> NoReturn:
    raise ValueError(f"nothing is fetched for a print: {url[:40]}")
