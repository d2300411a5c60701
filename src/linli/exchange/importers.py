"""The protocol by which a room offers a table to be taken in, and the register of those that do.

A room writes one object, registers it once, and gets the pages: upload, preview row by row, confirm, undo, the table
as it stands, the refusals as a workbook. Meaning, permission and writing stay with the room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Missing

from .columns import Column, Refused
from .plan import Plan
from .reading import Row


class Importer(Protocol):
    """What a room answers about one of its tables. Values are those of `columns.typed`, by column key."""

    kind: str  # a slug: it stands in the address
    title: Any
    hint: Any  # a sentence on the upload page: what the file replaces, what happens to rows it does not name
    home: Any  # the name of the page to go back to, or its address (with a slash)
    retires: bool  # whether rows that the file does not name would be retired

    def can(self, actor: Actor) -> Decision:
        """Whether this actor may take the table in (and undo it)."""

    def columns(self) -> Sequence[Column]:
        """The columns, in the order in which they are written."""

    def key(self, values: Mapping[str, Any]) -> str:
        """What makes a row the same row; one key, one row."""

    def name(self, values: Mapping[str, Any]) -> str:
        """How a row is called on the preview."""

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        """The rows that stand now, by key, in their order."""

    def revision(self) -> str:
        """Changes whenever `current` does; what was seen is compared with it before anything is written."""

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        """What is wrong beyond single cells: unknown bodies, rows that exclude each other."""

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        """Sentences that belong on the preview: what will happen beside the rows."""

    def about(self) -> Sequence[tuple[Any, Any]]:
        """Provenance, for the sheet 说明."""

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        """Write, inside the caller's transaction. What is answered (JSON) is all that `undo` will know."""

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        """Bring back what stood before, inside the caller's transaction."""


_importers: dict[str, Importer] = {}
_families: dict[str, Callable[[str], Importer]] = {}


def register(importer: Importer) -> None:
    """Offer a table; registering a kind again replaces it."""
    _importers[importer.kind] = importer


def register_family(word: str, one: Callable[[str], Importer]) -> None:
    """Offer a table of which there are many, one a division: kind `word-110102018` is `one("110102018")`, which raises
    Missing where there is none.
    """
    _families[word] = one


def importer_for(kind: str) -> Importer:
    """The importer of a kind. Raises Missing."""
    word, _dash, rest = kind.rpartition("-")
    found = _importers.get(kind) or (_families[word](rest) if word in _families else None)
    if found is None:
        raise Missing("no_such_table", _("没有这种表格。"))
    return found
