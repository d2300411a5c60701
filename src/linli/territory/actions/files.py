"""Boundary files: check, keep for confirmation, put in force, withdraw."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import assemble, pack, store
from ..boundaries import Checked, Problem, check_form
from ..choices import FileState, Layer
from ..coverage import check_layer
from ..models import BoundaryFile
from ..permissions import can_change_boundaries
from ..polygons import geojson_file
from ..snapshot import current
from .edition import (
    Loaded,
    Progress,
    after_flip,
    as_layer,
    build,
    changed,
    digest_for,
    files_in_force,
    imported_layers,
    live_edition,
    loaded,
    silent,
)


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


def preview_boundaries(*, actor: Actor, layer: str, data: bytes, name: str = "") -> ImportReport:
    """Check a boundary file and keep it for confirmation. Nothing of the live territory changes."""
    can_change_boundaries(actor).or_forbidden()
    wanted = _layer(layer)
    checked = _check(wanted, data)
    BoundaryFile.objects.filter(state=FileState.WAITING, made_by=actor.label).delete()
    file_id = None
    if not checked.stopped:
        file_id = _keep(actor, wanted, name, checked).pk
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
    return _accept(actor, file, _check(Layer(file.layer), file.content.encode()), progress or silent)


def import_boundaries(
    *, actor: Actor, layer: str, data: bytes, name: str = "", progress: Progress | None = None
) -> ImportReport:
    """Check a file (GeoJSON, GeoPackage) of a whole layer and put it in force at once, or list what is wrong and change nothing.

    Layers that were only derived are fitted to it: coarser ones dissolved, finer ones recut, the grid made anew.
    """
    can_change_boundaries(actor).or_forbidden()
    wanted = _layer(layer)
    checked = _check(wanted, data)
    if checked.stopped:
        return ImportReport(wanted, False, len(checked.geometries), tuple(checked.problems))
    return _accept(actor, _keep(actor, wanted, name, checked), checked, progress or silent)


def withdraw_boundaries(*, actor: Actor, layer: str, folder: Path | str | None = None) -> Loaded:
    """Take an imported layer out of force; the pack's own lines come back.

    Raises Missing, Conflict (part_of_a_change: layers that came together go together, territory_changed).
    """
    can_change_boundaries(actor).or_forbidden()
    file = BoundaryFile.objects.filter(layer=_layer(layer), state=FileState.ACCEPTED).first()
    if file is None:
        raise Missing("unknown_file", _("这一层没有导入过界线。"))
    if file.batch:
        text = _("这一层是随“%(name)s”一起生效的，请在那里撤销。") % {"name": file.name or file.batch[:8]}
        raise Conflict("part_of_a_change", text)
    before = live_edition()
    source = pack.read(Path(folder or settings.PACK))
    rest = {k: v for k, v in imported_layers().items() if k != file.layer}
    digests = {k: v for k, v in files_in_force().items() if k != file.layer}
    digest = digest_for(source.digest, digests, True)
    content, edition = build(actor, source, rest, digest, silent, True)
    with transaction.atomic():
        if live_edition(lock=True) != before:
            raise changed()
        BoundaryFile.objects.filter(pk=file.pk).update(state=FileState.REPLACED)
        store.go_live(edition)
    after_flip()
    return loaded(digest, content)


def _accept(actor: Actor, file: BoundaryFile, checked: Checked, tell: Progress) -> ImportReport:
    if checked.stopped:
        return ImportReport(file.layer, False, len(checked.geometries), tuple(checked.problems), file.pk)
    layer = Layer(file.layer)
    before = live_edition()
    source = pack.read(Path(settings.PACK))
    imported = {**imported_layers(), layer: as_layer(file)}
    digest = digest_for(source.digest, {**files_in_force(), layer.value: file.digest}, True)
    _content, edition = build(actor, source, imported, digest, tell, True)
    with transaction.atomic():
        if live_edition(lock=True) != before:
            raise changed()
        BoundaryFile.objects.filter(layer=layer, state=FileState.ACCEPTED).update(state=FileState.REPLACED)
        BoundaryFile.objects.filter(pk=file.pk).update(state=FileState.ACCEPTED)
        store.go_live(edition)
    after_flip()
    return ImportReport(file.layer, True, len(checked.geometries), tuple(checked.problems), file.pk, digest[:12])


def _check(layer: Layer, data: bytes) -> Checked:
    """Form first; the layer as a whole only if every feature could be read."""
    known = {code: view.name for code, view in current().divisions.items()}
    checked = check_form(data, layer, known)
    if not checked.stopped:
        source = pack.read(Path(settings.PACK))
        imported = imported_layers()
        check_layer(checked, layer, source.district, assemble.nest(source, imported), frozenset(imported))
    return checked


def _keep(actor: Actor, layer: Layer, name: str, checked: Checked) -> BoundaryFile:
    """The row of a file that has no faults: the polygons as they were read, with the names that were found for them."""
    rows = [({"code": c, "name": checked.names[c]}, g) for c, g in checked.geometries.items()]
    text = geojson_file(rows).decode()
    return BoundaryFile.objects.create(
        layer=layer,
        name=name[:200],
        content=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        report={"features": len(rows), "problems": [asdict(p) for p in checked.problems]},
        made_at=clock.now(),
        made_by=actor.label,
    )


def _layer(value: str) -> Layer:
    if value not in Layer.values:
        raise Invalid("unknown_layer", _("没有这种图层。"), fields={"layer": [_("没有这种图层。")]})
    return Layer(value)
