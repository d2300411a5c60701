"""The live edition itself: its revision, its tiles, whom to name."""

from __future__ import annotations

from ..snapshot import current


def revision() -> str:
    """Changes whenever anything here changes; "" while no territory is loaded. Part of the tiles' addresses."""
    return current().value


def is_loaded() -> bool:
    """Whether a territory is loaded at all."""
    return current().edition_id != 0


def warm() -> None:
    """Read everything now (about 0.5 s), so that the first request does not wait for it."""
    here = current()
    for part in ("children", "cells", "grid", "finders", "places", "tiles", "streets", "boxes"):
        getattr(here, part)


def tile(z: int, x: int, y: int) -> bytes | None:
    """A background tile, gzipped, or None where there is nothing."""
    return current().tiles.get((z, x, y))


def attribution() -> tuple[str, str]:
    """Who must be named on the map, and what its boundaries are worth."""
    edition = current().edition
    return (edition.attribution, edition.boundary_note) if edition else ("", "")
