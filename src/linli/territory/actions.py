"""The only writers of the territory: load a pack, import boundaries. Both build a whole edition, then flip."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from . import assemble, pack, places, store, tiles
from .boundaries import Checked, Problem, check_form
from .choices import FileState, Layer, Provenance
from .coverage import check_layer
from .models import BoundaryFile, Edition, PackPart, Revision
from .pack import Boundaries, Pack
from .permissions import can_change_boundaries
from .rows import Content
from .snapshot import current, forget

BUILD = "2"  # raise it when the same pack gives different rows
Progress = Callable[[Any, int, int], None]  # words, done, total


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did. `changed` is False when the live edition was already made from the same pack and files."""

    changed: bool
    revision: str
    divisions: int = 0
    cells: int = 0
    places: int = 0
    tiles: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import or its preview. `accepted` means it is live."""

    layer: str
    accepted: bool
    features: int
    problems: tuple[Problem, ...]
    file_id: int | None = None
    revision: str = ""

    @property
    def stopped(self) -> bool:
        """Whether a problem stands in the way; warnings do not."""
        return any(not p.warning for p in self.problems)


def load_pack(*, actor: Actor, folder: Path | str, progress: Progress | None = None, with_tiles: bool = True) -> Loaded:
    """Make a pack folder the live territory, keeping boundary files in force. Nothing happens if it already is.

    `progress(words, done, total)` tells each step in words. `with_tiles=False` leaves the
    map without background (tests). Raises Invalid (pack_incomplete, pack_unreadable), Forbidden.
    """
    can_change_boundaries(actor).or_forbidden()
    tell = progress or _silent
    tell(_("读取资料包"), 0, 1)
    pack_digest = pack.digest_of(Path(folder))
    digest = _digest(pack_digest, _files_in_force(), with_tiles)
    live = _live()
    if live is not None and live.digest == digest:
        return Loaded(False, digest[:12])
    content, edition = _build(actor, pack.read(Path(folder)), _imported(), digest, tell, with_tiles)
    with transaction.atomic():
        store.go_live(edition)
    forget()
    store.sweep()
    return Loaded(
        True, digest[:12], len(content.divisions), len(content.cells), len(content.places), len(content.tiles)
    )


def note_part(*, actor: Actor, name: str, digest: str, lines: list[str]) -> None:
    """Remember which content of a part of the pack is loaded now, whichever room loaded it."""
    can_change_boundaries(actor).or_forbidden()
    PackPart.objects.update_or_create(name=name, defaults={"digest": digest, "lines": lines, "loaded_at": clock.now()})


def preview_boundaries(*, actor: Actor, layer: str, geojson: bytes, name: str = "") -> ImportReport:
    """Check a boundary file and keep it for confirmation. Nothing of the live territory changes."""
    can_change_boundaries(actor).or_forbidden()
    wanted = _layer(layer)
    checked = _check(wanted, geojson)
    BoundaryFile.objects.filter(state=FileState.WAITING, made_by=actor.label).delete()
    file_id = None
    if not checked.stopped:
        file_id = _keep(actor, wanted, geojson, name, checked).pk
    return ImportReport(wanted, False, len(checked.geometries), tuple(checked.problems), file_id)


def confirm_boundaries(*, actor: Actor, file_id: int, progress: Progress | None = None) -> ImportReport:
    """Put a previewed file in force. It is checked again: the territory may have changed since.

    Raises Missing, Conflict (already decided).
    """
    can_change_boundaries(actor).or_forbidden()
    file = BoundaryFile.objects.filter(pk=file_id, made_by=actor.label).first()
    if file is None:
        raise Missing("unknown_file", _("没有这个待确认的文件，请重新上传。"))
    if file.state != FileState.WAITING:
        raise Conflict("already_decided", _("这个文件已经处理过了。"))
    return _accept(actor, file, _check(Layer(file.layer), file.content.encode()), progress or _silent)


def import_boundaries(
    *, actor: Actor, layer: str, geojson: bytes, name: str = "", progress: Progress | None = None
) -> ImportReport:
    """Check a GeoJSON file of a whole layer and put it in force at once, or list what is wrong and change nothing.

    Layers that were only derived are fitted to it: coarser ones dissolved, finer ones recut, the grid made anew.
    """
    can_change_boundaries(actor).or_forbidden()
    wanted = _layer(layer)
    checked = _check(wanted, geojson)
    if checked.stopped:
        return ImportReport(wanted, False, len(checked.geometries), tuple(checked.problems))
    return _accept(actor, _keep(actor, wanted, geojson, name, checked), checked, progress or _silent)


def withdraw_boundaries(*, actor: Actor, layer: str, folder: Path | str | None = None) -> Loaded:
    """Take an imported layer out of force; the pack's own lines come back."""
    can_change_boundaries(actor).or_forbidden()
    file = BoundaryFile.objects.filter(layer=_layer(layer), state=FileState.ACCEPTED).first()
    if file is None:
        raise Missing("unknown_file", _("这一层没有导入过界线。"))
    source = pack.read(Path(folder or settings.PACK))
    rest = {k: v for k, v in _imported().items() if k != file.layer}
    digests = {k: v for k, v in _files_in_force().items() if k != file.layer}
    digest = _digest(source.digest, digests, True)
    content, edition = _build(actor, source, rest, digest, _silent, True)
    with transaction.atomic():
        BoundaryFile.objects.filter(pk=file.pk).update(state=FileState.REPLACED)
        store.go_live(edition)
    forget()
    store.sweep()
    return Loaded(True, digest[:12], len(content.divisions), len(content.cells), len(content.places))


def _accept(actor: Actor, file: BoundaryFile, checked: Checked, tell: Progress) -> ImportReport:
    if checked.stopped:
        return ImportReport(file.layer, False, len(checked.geometries), tuple(checked.problems), file.pk)
    layer = Layer(file.layer)
    before = _live()
    source = pack.read(Path(settings.PACK))
    imported = {**_imported(), layer: _as_boundaries(layer, checked, file)}
    digest = _digest(source.digest, {**_files_in_force(), layer.value: file.digest}, True)
    _content, edition = _build(actor, source, imported, digest, tell, True)
    with transaction.atomic():
        if _live() != before:
            raise Conflict("territory_changed", _("界线刚被别人更改，请重新检查后再导入。"))
        BoundaryFile.objects.filter(layer=layer, state=FileState.ACCEPTED).update(state=FileState.REPLACED)
        BoundaryFile.objects.filter(pk=file.pk).update(state=FileState.ACCEPTED)
        store.go_live(edition)
    forget()
    store.sweep()
    return ImportReport(file.layer, True, len(checked.geometries), tuple(checked.problems), file.pk, digest[:12])


def _build(
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


def _check(layer: Layer, data: bytes) -> Checked:
    """Form first; the layer as a whole only if every feature could be read."""
    known = {code: view.name for code, view in current().divisions.items()}
    checked = check_form(data, layer, known)
    if not checked.stopped:
        source = pack.read(Path(settings.PACK))
        imported = _imported()
        check_layer(checked, layer, source.district, assemble.nest(source, imported), frozenset(imported))
    return checked


def _keep(actor: Actor, layer: Layer, data: bytes, name: str, checked: Checked) -> BoundaryFile:
    return BoundaryFile.objects.create(
        layer=layer,
        name=name[:200],
        content=data.decode("utf-8-sig"),
        digest=hashlib.sha256(data).hexdigest(),
        report={"features": len(checked.geometries), "problems": [asdict(p) for p in checked.problems]},
        made_at=clock.now(),
        made_by=actor.label,
    )


def _imported() -> dict[Layer, Boundaries]:
    """The layers in force that were imported."""
    found = {}
    for file in BoundaryFile.objects.filter(state=FileState.ACCEPTED).order_by("layer"):
        checked = check_form(file.content.encode(), Layer(file.layer), {})
        found[Layer(file.layer)] = _as_boundaries(Layer(file.layer), checked, file)
    return found


def _as_boundaries(layer: Layer, checked: Checked, file: BoundaryFile) -> Boundaries:
    return Boundaries(
        layer=layer,
        geometries=dict(checked.geometries),
        names=dict(checked.names),
        approximate=False,
        provenance=Provenance.IMPORTED,
        source=file.name,
        valid_from=clock.local(file.made_at).date(),
    )


def _files_in_force() -> dict[str, str]:
    return dict(BoundaryFile.objects.filter(state=FileState.ACCEPTED).values_list("layer", "digest"))


def _digest(pack_digest: str, files: Mapping[str, str], with_tiles: bool) -> str:
    text = "\n".join([BUILD, pack_digest, str(with_tiles), *(f"{k}={files[k]}" for k in sorted(files))])
    return hashlib.sha256(text.encode()).hexdigest()


def _live() -> Edition | None:
    row = Revision.objects.select_related("edition").filter(pk=1).first()
    return row.edition if row else None


def _layer(value: str) -> Layer:
    if value not in Layer.values:
        raise Invalid("unknown_layer", _("没有这种图层。"), fields={"layer": [_("没有这种图层。")]})
    return Layer(value)


def _silent(words: Any, done: int, total: int) -> None:
    """Nobody listens."""
