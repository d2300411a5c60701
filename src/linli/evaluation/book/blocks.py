"""What a chapter is made of. The page template, the PDF and the DOCX each know how to set every kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Section:
    """A heading inside a chapter. `fresh`: begins a page. `key` is what links lead to."""

    title: str
    key: str = ""
    fresh: bool = False
    kind: str = field(default="section", init=False)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`tone`: "" plain, "lead" the sentence that says it all, "note" small print, "warn" what must not be overlooked."""

    text: str
    tone: str = ""
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[str, ...]
    kind: str = field(default="listing", init=False)


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """A few numbers in a row, each with what it is."""

    facts: tuple[Fact, ...]
    kind: str = field(default="facts", init=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """`number`: set flush right. `mark`: "filled", "missing", "up", "down"; said in words too, never by colour alone."""

    text: str
    number: bool = False
    mark: str = ""

    @property
    def short(self) -> bool:
        """Whether it stays on one line."""
        return len(self.text) <= 5


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. `small`: many columns or rows, set smaller."""

    title: str
    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    small: bool = False
    kind: str = field(default="grid", init=False)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure: SVG with its own foot (result, calibre, day); `name` is its file's."""

    title: str
    svg: str
    name: str
    note: str = ""
    kind: str = field(default="drawn", init=False)


Block = Section | Paragraph | Listing | Facts | Grid | Drawn


@dataclass(frozen=True, slots=True)
class Chapter:
    """`number` "": no number (appendices say so in their title). `sections`: they are listed in the contents."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    number: str = ""
    listed: bool = True

    @property
    def heading(self) -> str:
        return f"{self.number}　{self.title}" if self.number else self.title

    @property
    def sections(self) -> list[Section]:
        return [b for b in self.blocks if isinstance(b, Section) and b.key]


def words(*texts: str) -> tuple[Cell, ...]:
    return tuple(Cell(t) for t in texts)


def heads(texts: Sequence[str], numbers: Sequence[int] = ()) -> tuple[Cell, ...]:
    """Column heads; `numbers` are the places of those over numbers."""
    return tuple(Cell(t, k in numbers) for k, t in enumerate(texts))
