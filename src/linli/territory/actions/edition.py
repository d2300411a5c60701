"""The pack, and what every way of changing the territory shares: build a whole edition, stage it, then flip."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict

from .. import assemble, pack, places, store, tiles
from ..boundaries import check_form
from ..choices import FileState, Layer, Provenance
from ..layers import boundaries_of
from ..models import BoundaryFile, Edition, PackPart, Revision
from ..pack import Boundaries, Pack
from ..permissions import can_change_boundaries
from ..rows import Content
from ..snapshot import forget

BUILD = "2"  # raise it when the same pack gives different rows
Progress = Callable[[Any, int, int], None]  # words, done, total


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did. `changed` is False when the live edition was already made from the same pack and files.

    `batch` is the token by which layers that were put in force are taken back.
    """

    changed: bool
    revision: str
    divisions: int = 0
    cells: int = 0
    places: int = 0
    tiles: int = 0
    batch: str = ""


def load_pack(*, actor: Actor, folder: Path | str, progress: Progress | None = None, with_tiles: bool = True) -> Loaded:
    """Make a pack folder the live territory, keeping boundary files in force. Nothing happens if it already is.

    `progress(words, done, total)` tells each step in words. `with_tiles=False` leaves the
    map without background (tests). Raises Invalid (pack_incomplete, pack_unreadable), Forbidden, Conflict.
    """
    can_change_boundaries(actor).or_forbidden()
    tell = progress or silent
    tell(_("读取资料包"), 0, 1)
    files = files_in_force()
    digest = digest_for(pack.digest_of(Path(folder)), files, with_tiles)
    live = live_edition()
    if live is not None and live.digest == digest:
        return Loaded(False, digest[:12])
    content, edition = build(actor, pack.read(Path(folder)), imported_layers(), digest, tell, with_tiles)
    with transaction.atomic():
        live_edition(lock=True)
        if files_in_force() != files:
            raise changed()
        store.go_live(edition)
    after_flip()
    return loaded(digest, content)


def note_part(*, actor: Actor, name: str, digest: str, lines: list[str]) -> None:
    """Remember which content of a part of the pack is loaded now, whichever room loaded it."""
    can_change_boundaries(actor).or_forbidden()
    PackPart.objects.update_or_create(name=name, defaults={"digest": digest, "lines": lines, "loaded_at": clock.now()})


def loaded(digest: str, content: Content, batch: str = "") -> Loaded:
    """The answer after a flip."""
    return Loaded(
        True,
        digest[:12],
        len(content.divisions),
        len(content.cells),
        len(content.places),
        len(content.tiles),
        batch,
    )


def after_flip() -> None:
    """This process looks again; what no longer counts is deleted."""
    forget()
    store.sweep()


def changed() -> Conflict:
    """Somebody else flipped meanwhile."""
    return Conflict("territory_changed", _("界线刚被别人更改，请重新检查后再导入。"))


def build(
    actor: Actor,
    source: Pack,
    imported: Mapping[Layer, Boundaries],
    digest: str,
    tell: Progress,
    with_tiles: bool,
) -> tuple[Content, Edition]:
    """Everything computed before the first write; then staged."""
    tell(_("核对界线与网格"), 0, 1)
    ground = assemble.ground(source, imported)
    divisions = assemble.division_rows(ground)
    cells, streets = assemble.cell_rows(ground), assemble.street_rows(ground)
    tell(_("编制地点检索"), 0, 1)
    found = places.place_rows(ground, divisions)
    drawn = tiles.tile_rows(ground, divisions, lambda a, b: tell(_("绘制底图"), a, b)) if with_tiles else ()
    content = Content(divisions, assemble.grid_row(ground), cells, streets, found, drawn)
    facts = {
        "digest": digest,
        "pack_digest": source.digest,
        "name": source.name,
        "district": source.district,
        "attribution": source.attribution,
        "boundary_note": source.boundary_note,
        "made_by": actor.label,
    }
    return content, store.stage(content, facts, lambda a, b: tell(_("写入"), a, b))


def imported_layers() -> dict[Layer, Boundaries]:
    """The layers in force that were imported or put in force by another room."""
    return {
        Layer(f.layer): as_layer(f) for f in BoundaryFile.objects.filter(state=FileState.ACCEPTED).order_by("layer")
    }


def as_layer(file: BoundaryFile) -> Boundaries:
    """What a row says, with its own flags; an uploaded file is as trusted as what is imported."""
    layer = Layer(file.layer)
    if file.batch:
        said = {name: getattr(file, name) for name in ("approximate", "provenance", "source", "valid_from")}
        return boundaries_of(layer, file.content, **said)
    checked = check_form(file.content.encode(), layer, {})
    return Boundaries(
        layer=layer,
        geometries=dict(checked.geometries),
        names=dict(checked.names),
        approximate=False,
        provenance=Provenance.IMPORTED,
        source=file.name,
        valid_from=clock.local(file.made_at).date(),
    )


def files_in_force() -> dict[str, str]:
    """Digest of the file of each layer."""
    return dict(BoundaryFile.objects.filter(state=FileState.ACCEPTED).values_list("layer", "digest"))


def digest_for(pack_digest: str, files: Mapping[str, str], with_tiles: bool) -> str:
    """Of everything that an edition is made from: same digest, same content."""
    text = "\n".join([BUILD, pack_digest, str(with_tiles), *(f"{k}={files[k]}" for k in sorted(files))])
    return hashlib.sha256(text.encode()).hexdigest()


def live_edition(*, lock: bool = False) -> Edition | None:
    """The live edition. With `lock`, other flips wait until this transaction ends (SQLite has one writer anyway)."""
    rows = Revision.objects.filter(pk=1)
    row = (rows.select_for_update() if lock else rows.select_related("edition")).first()
    return row.edition if row else None


def silent(words: Any, done: int, total: int) -> None:
    """Nobody listens."""
