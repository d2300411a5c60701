"""What of a text was looked for: pieces of it, marked or not, and the part of a long answer that shows the most."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

AROUND = 24  # characters before the first mark in a snippet
SNIPPET = 96


@dataclass(frozen=True, slots=True)
class Mark:
    """Some characters; `on` if they were looked for."""

    text: str
    on: bool = False


class _Folded(dict[int, str]):
    """Each character folded like a query, one for one; worked out once."""

    def __missing__(self, point: int) -> str:
        if len(self) > 20_000:  # no text may fill the memory
            self.clear()
        self[point] = (unicodedata.normalize("NFKC", chr(point)).casefold() or chr(point))[0]
        return self[point]


_FOLDED = _Folded()


def _same_length(text: str) -> str:
    return text.translate(_FOLDED)


def _flags(text: str, words: tuple[str, ...]) -> list[bool]:
    folded = _same_length(text)
    on = [False] * len(text)
    for word in words:
        places = [m.start() for m in re.finditer(re.escape(word), folded)]
        spans = [(at, len(word)) for at in places]
        if not places and len(word) > 2 and not word.isascii():
            pairs = {word[n : n + 2] for n in range(len(word) - 1)}
            spans = [(m.start(), 2) for pair in pairs for m in re.finditer(re.escape(pair), folded)]
        for at, length in spans:
            on[at : at + length] = [True] * length
    return on


def _pieces(text: str, on: list[bool]) -> tuple[Mark, ...]:
    found: list[Mark] = []
    begin = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or on[at] != on[begin]:
            found.append(Mark(text[begin:at], on[begin]))
            begin = at
    return tuple(found)


def marked(text: str, words: tuple[str, ...], initials: str = "") -> tuple[Mark, ...]:
    """A title in pieces; where a word is not in it but its initials are, those characters are marked."""
    if not text:
        return ()
    on = _flags(text, words)
    spelled = initials.split("\n")
    places = [n for n, c in enumerate(_same_length(text)) if c.isalnum()]
    for word in words:
        if word.isascii() and len(word) > 1:
            for line in spelled:
                at = line.find(word) if len(line) == len(places) else -1
                if at >= 0:
                    for n in places[at : at + len(word)]:
                        on[n] = True
                    break
    return _pieces(text, on)


def snippet(text: str, words: tuple[str, ...], most: int = SNIPPET) -> tuple[Mark, ...]:
    """About `most` characters of an answer from shortly before the first mark on, with an ellipsis where it is cut."""
    head = text[:4_000]
    on = _flags(head, words) if words else [False] * len(head)
    first = next((n for n, flag in enumerate(on) if flag), 0)
    begin = 0 if first < most - AROUND else first - AROUND
    end = min(begin + most, len(head))
    found = _pieces(head[begin:end], on[begin:end]) if head else ()
    before = (Mark("…"),) if begin else ()
    after = (Mark("…"),) if end < len(text) else ()
    return (*before, *found, *after)
