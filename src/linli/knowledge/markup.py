"""The tiny mark-up of an answer, read into plain values that a template writes out escaped. No HTML in, no HTML out.

An empty line parts paragraphs; lines that begin with `1. ` are steps, with `- ` a list; `[words](https://…)` is a link,
also to a page of this house (`/report/`). Everything else is text as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINK = re.compile(r"\[([^\[\]\n]{1,80})\]\((https?://[^\s()<>\"']{3,300}|/[A-Za-z0-9_\-./]{0,200})\)")
_STEP = re.compile(r"^\s{0,3}\d{1,2}[.、]\s*(.+)$")
_ITEM = re.compile(r"^\s{0,3}[-•]\s+(.+)$")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words; with `url` a link, `outside` when it leaves the house."""

    text: str
    url: str = ""

    @property
    def outside(self) -> bool:
        return self.url.startswith("http")


@dataclass(frozen=True, slots=True)
class Block:
    """`kind` is paragraph, steps or list; a paragraph has one line."""

    kind: str
    lines: tuple[tuple[Piece, ...], ...]


def pieces(line: str) -> tuple[Piece, ...]:
    """The words of a line and the links in it. An address that begins with // or climbs stays text."""
    found: list[Piece] = []
    at = 0
    for match in _LINK.finditer(line):
        url = match[2]
        if url.startswith("//") or "/.." in url:
            continue
        if match.start() > at:
            found.append(Piece(line[at : match.start()]))
        found.append(Piece(match[1], url))
        at = match.end()
    if at < len(line):
        found.append(Piece(line[at:]))
    return tuple(found)


def blocks(text: str) -> tuple[Block, ...]:
    """An answer as blocks, in order."""
    found: list[Block] = []
    kind = ""
    lines: list[tuple[Piece, ...]] = []

    def done() -> None:
        if lines:
            found.append(Block(kind, tuple(lines)))

    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = raw.strip()
        step, item = _STEP.match(line), _ITEM.match(line)
        now = "steps" if step else "list" if item else "paragraph" if line else ""
        if now != kind or now == "paragraph":
            done()
            kind, lines = now, []
        if match := step or item:
            lines.append(pieces(match[1]))
        elif line:
            lines.append(pieces(line))
    done()
    return tuple(found)


def words(text: str) -> str:
    """The words with their marks but without addresses: what search looks at."""
    return _LINK.sub(r"\1", text) if "](" in text else text


def plain(text: str) -> str:
    """The words alone, on one line: for search, snippets and the telephone."""
    return " ".join(
        re.sub(r"^\s{0,3}(?:\d{1,2}[.、]|[-•]\s)\s*", "", line).strip() for line in words(text).splitlines()
    ).strip()
