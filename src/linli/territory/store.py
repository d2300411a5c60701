"""Writes an edition in short chunks, then makes it live by one flip. Called by actions only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

from django.db import models, transaction

from linli.core import clock

from .choices import EditionState
from .models import Division, Edition, GridLayer, LayerCell, Place, Revision, Street, Tile
from .rows import Content
from .snapshot import forget

CHUNK = 400  # rows of one write transaction: well under 200 ms on SQLite
Tell = Callable[[int, int], None]


def stage(content: Content, facts: dict[str, Any], tell: Tell) -> Edition:
    """Write all rows of a new edition that nobody sees yet. `tell(done, total)` rows."""
    edition = Edition.objects.create(**facts, state=EditionState.STAGED, made_at=clock.now())
    layer = GridLayer.objects.create(edition=edition, **asdict(content.grid))
    plan: list[tuple[type[models.Model], Sequence[Any], dict[str, Any]]] = [
        (Division, content.divisions, {"edition": edition}),
        (LayerCell, content.cells, {"layer": layer}),
        (Street, content.streets, {"edition": edition}),
        (Place, content.places, {"edition": edition}),
        (Tile, content.tiles, {"edition": edition}),
    ]
    total, done = sum(len(rows) for _model, rows, _owner in plan), 0
    for model, rows, owner in plan:
        for part in _chunks(rows, CHUNK):
            objects = [model(**owner, **asdict(row)) for row in part]
            with transaction.atomic():
                model._default_manager.bulk_create(objects)
            done += len(part)
            tell(done, total)
    return edition


def go_live(edition: Edition) -> None:
    """The flip: call it inside the transaction that decides it."""
    Edition.objects.filter(pk=edition.pk).update(state=EditionState.COMPLETE)
    turn = uuid4().hex
    values = {"edition": edition, "value": edition.digest[:12], "turn": turn}
    Revision.objects.update_or_create(pk=1, defaults=values)
    transaction.on_commit(forget)


def sweep() -> None:
    """Delete what no longer counts, in chunks: editions older than the previous one, stagings left by a crash."""
    live = Revision.objects.values_list("edition_id", flat=True).first() or 0
    complete = Edition.objects.filter(state=EditionState.COMPLETE).exclude(pk=live)
    previous = complete.order_by("-made_at", "-pk").values_list("pk", flat=True).first() or 0
    abandoned = Edition.objects.filter(
        state=EditionState.STAGED, made_at__lt=clock.now() - timedelta(hours=1)
    ).values_list("pk", flat=True)
    for edition_id in [*complete.exclude(pk=previous).values_list("pk", flat=True), *abandoned]:
        for model, owner in ((Tile, "edition"), (Place, "edition"), (LayerCell, "layer__edition"), (Street, "edition")):
            while ids := list(
                model._default_manager.filter(**{f"{owner}_id": edition_id}).values_list("pk", flat=True)[:CHUNK]
            ):
                model._default_manager.filter(pk__in=ids).delete()
        Edition.objects.filter(pk=edition_id).delete()


def _chunks(rows: Iterable[Any], size: int) -> Iterable[list[Any]]:
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part
