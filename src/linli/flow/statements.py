"""INSERT, compare-and-swap UPDATE and the reading before it, for the systems above: the statements of `site`."""

from linli.site.statements import fetch, insert, rows, swap

__all__ = ["fetch", "insert", "rows", "swap"]
