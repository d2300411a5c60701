"""HTML to PDF by WeasyPrint, an extra (`print`) that needs Debian's Pango. Nothing is fetched: what is printed is given."""

from __future__ import annotations

from functools import cache

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


def check() -> None:
    """Raises Missing (no_printing) where no PDF can be made."""
    if not available():
        raise Missing("no_printing", _("这台服务器没有装 PDF 组件，请打开网页版，用浏览器打印。"))


def pdf(html: str, css: str) -> bytes:
    """The pages as PDF with a text layer. Raises Missing (no_printing) where it cannot be made."""
    check()
    import weasyprint
    from weasyprint.urls import URLFetcher

    nothing = URLFetcher(allowed_protocols=(), allow_redirects=False)
    sheet = weasyprint.CSS(string=css, url_fetcher=nothing)
    return bytes(weasyprint.HTML(string=html, url_fetcher=nothing).write_pdf(stylesheets=[sheet]))
