"""Layers that another room drew: put in force together in one flip, and taken back exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import pack, standing, store
from ..boundaries import Checked
from ..choices import EditionState, FileState, Layer
from ..layers import LayerContent, digest_of, text_of
from ..models import BoundaryFile, Edition, LayerChange
from ..permissions import can_change_boundaries
from ..snapshot import current, forget
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


def put_layers(
    *,
    actor: Actor,
    layers: Mapping[Layer, LayerContent],
    note: str,
    expected_revision: str,
    progress: Progress | None = None,
    with_tiles: bool | None = None,
    then: Callable[[str], object] | None = None,
) -> Loaded:
    """Put one or several whole layers in force in one flip; layers above and below follow as they do after an import.

    `note` is the public title of the change. `then(batch)` runs in the transaction of the flip. Call it outside a transaction: it builds an edition (about 10 s).
    Raises Forbidden, Conflict (territory_changed), Invalid (no_layers, layers_refused with `details["problems"]`).
    """
    can_change_boundaries(actor).or_forbidden()
    before = _expected(expected_revision)
    with_tiles = _has_tiles(before) if with_tiles is None else with_tiles
    if not layers:
        raise Invalid("no_layers", _("没有要生效的图层。"))
    tell = progress or silent
    tell(_("核对界线与网格"), 0, 1)
    checked = standing.check(layers)
    _refuse(checked)
    token = uuid4().hex
    files = [
        _row(actor, Layer(layer), content, checked[Layer(layer)], note, token) for layer, content in layers.items()
    ]
    digests = files_in_force() | {str(f.layer): f.digest for f in files}
    source = pack.read(Path(settings.PACK))
    digest = digest_for(source.digest, digests, with_tiles)
    if before.digest == digest:
        return Loaded(False, digest[:12])
    imported = imported_layers() | {Layer(f.layer): as_layer(f) for f in files}
    content, edition = build(actor, source, imported, digest, tell, with_tiles)
    for file in files:
        file.save()  # waiting, each in a write of its own: a grid is a megabyte
    with transaction.atomic():
        _flip(actor, before, edition, {str(f.layer): f.pk for f in files}, token, note)
        if then is not None:
            then(token)
    after_flip()
    return loaded(digest, content, token)


def restore_layers(
    *,
    actor: Actor,
    batch: str,
    expected_revision: str,
    progress: Progress | None = None,
    with_tiles: bool | None = None,
    then: Callable[[str], object] | None = None,
) -> Loaded:
    """Take the layers of a `put_layers` back: what was in force before is in force again, with the same digest.

    `then(batch)` runs in the transaction of the flip.
    Raises Forbidden, Missing (unknown_batch), Conflict (territory_changed, not_the_last: something else came since).
    """
    can_change_boundaries(actor).or_forbidden()
    before = _expected(expected_revision)
    with_tiles = _has_tiles(before) if with_tiles is None else with_tiles
    change = LayerChange.objects.filter(pk=batch).first()
    if change is None:
        raise Missing("unknown_batch", _("没有这次调整的记录。"))
    if _in_force() != change.after:
        raise Conflict("not_the_last", _("之后又有别的界线生效，不能直接撤销这次调整。"))
    tell = progress or silent
    rows = list(BoundaryFile.objects.filter(pk__in=change.before.values()))
    folder = Path(settings.PACK)
    digest = digest_for(pack.digest_of(folder), {f.layer: f.digest for f in rows}, with_tiles)
    edition, content = _previous(digest), None
    if edition is None:
        imported = {Layer(f.layer): as_layer(f) for f in rows}
        content, edition = build(actor, pack.read(folder), imported, digest, tell, with_tiles)
    with transaction.atomic():
        if live_edition(lock=True) != before or _in_force() != change.after:
            raise changed()
        _set_in_force(change.before)
        store.go_live(edition)
        if then is not None:
            then(batch)
    after_flip()
    return loaded(digest, content) if content else _counted(edition)


def _expected(revision: str) -> Edition:
    """The live edition, if it is the one that the caller looked at."""
    forget()
    live = live_edition()
    if live is None or live.digest[:12] != revision or current().value != revision:
        raise changed()
    return live


def _has_tiles(edition: Edition) -> bool:
    """A house that was made without a background stays without one."""
    return bool(edition.tiles.exists())  # type: ignore[attr-defined]


def _refuse(checked: Mapping[Layer, Checked]) -> None:
    wrong = [p for found in checked.values() for p in found.problems if not p.warning]
    if wrong:
        text = _("界线没有生效，有 %(n)s 处问题：%(first)s") % {"n": len(wrong), "first": wrong[0].message}
        raise Invalid("layers_refused", text, fields={"layers": [text]}, problems=[asdict(p) for p in wrong])


def _row(actor: Actor, layer: Layer, content: LayerContent, checked: Checked, note: str, token: str) -> BoundaryFile:
    text = text_of(content, checked.geometries, checked.names)
    return BoundaryFile(
        layer=layer,
        name=note.strip()[:200],
        content=text,
        digest=digest_of(content, text),
        report={"features": len(content.features), "problems": [asdict(p) for p in checked.problems]},
        made_at=clock.now(),
        made_by=actor.label,
        state=FileState.REPLACED,  # until the flip; what waits for confirmation is an upload
        batch=token,
        approximate=content.approximate,
        provenance=content.provenance,
        source=content.source[:200],
        valid_from=content.valid_from,
    )


def _flip(actor: Actor, before: Edition, edition: Edition, files: Mapping[str, int], token: str, note: str) -> None:
    if live_edition(lock=True) != before:
        raise changed()
    was = _in_force()
    now = was | dict(files)
    _set_in_force(now)
    LayerChange.objects.create(
        token=token, note=note.strip()[:200], before=was, after=now, made_at=clock.now(), made_by=actor.label
    )
    store.go_live(edition)


def _in_force() -> dict[str, int]:
    return dict(BoundaryFile.objects.filter(state=FileState.ACCEPTED).values_list("layer", "pk"))


def _set_in_force(files: Mapping[str, int]) -> None:
    """Exactly these; one of a layer at any moment."""
    wanted = list(files.values())
    BoundaryFile.objects.filter(state=FileState.ACCEPTED).exclude(pk__in=wanted).update(state=FileState.REPLACED)
    BoundaryFile.objects.filter(pk__in=wanted).update(state=FileState.ACCEPTED)


def _previous(digest: str) -> Edition | None:
    """The edition before the live one, if it is what is wanted: nobody sweeps that one, so it is whole."""
    live = live_edition()
    complete = Edition.objects.filter(state=EditionState.COMPLETE).exclude(pk=live.pk if live else 0)
    last = complete.order_by("-made_at", "-pk").first()
    return last if last is not None and last.digest == digest else None


def _counted(edition: Edition) -> Loaded:
    cells = edition.layers.filter(key="base").values_list("cells", flat=True).count()  # type: ignore[attr-defined]
    numbers = (edition.divisions.count(), cells, edition.places.count(), edition.tiles.count())  # type: ignore[attr-defined]
    return Loaded(True, edition.digest[:12], *numbers)
