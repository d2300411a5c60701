"""What the settings page shows of layers and boundary files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.errors import Missing

from ..boundaries import Problem
from ..choices import DIGITS, FileState, Layer, Provenance
from ..models import BoundaryFile, GridLayer
from ..permissions import can_change_boundaries
from ..snapshot import current
from .divisions import divisions


@dataclass(frozen=True, slots=True)
class LayerView:
    """A layer on the settings page: how many, how many drawn, how far to trust it, the file in force if any."""

    layer: str
    label: Any
    total: int
    drawn: int
    approximate: bool
    provenance: str
    file_name: str
    file_made_at: datetime | None
    in_batch: bool = False  # came together with other layers: taken back where it was put

    @property
    def provenance_label(self) -> Any:
        """How far it may be trusted, in words."""
        return Provenance(self.provenance).label if self.provenance in Provenance.values else ""


def layers() -> tuple[LayerView, ...]:
    """The four layers as they are now."""
    here = current()
    files = {f.layer: f for f in BoundaryFile.objects.filter(state=FileState.ACCEPTED).defer("content")}
    grid = GridLayer.objects.filter(edition_id=here.edition_id, key="base").first()
    found = []
    for layer in Layer:
        views = divisions(DIGITS[layer])
        cells = len(here.cells) if layer is Layer.GRIDS else 0
        first = grid if layer is Layer.GRIDS else next((v for v in views if v.has_boundary), None)
        file = files.get(layer.value)
        found.append(
            LayerView(
                layer=layer.value,
                label=layer.label,
                total=cells or len(views),
                drawn=cells or sum(v.has_boundary for v in views),
                approximate=first is None or first.approximate,
                provenance=first.provenance if first else "",
                file_name=file.name if file else "",
                file_made_at=file.made_at if file else None,
                in_batch=bool(file and file.batch),
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A checked file that its uploader has not confirmed yet."""

    id: int
    label: Any
    name: str
    features: int
    warnings: tuple[Problem, ...]


def waiting_file(*, actor: Actor, file_id: int) -> WaitingFile:
    """Raises Forbidden, Missing (also if it is somebody else's or already decided)."""
    can_change_boundaries(actor).or_forbidden()
    file = (
        BoundaryFile.objects.filter(pk=file_id, made_by=actor.label, state=FileState.WAITING).defer("content").first()
    )
    if file is None:
        raise Missing("unknown_file", _("没有这个待确认的文件，请重新上传。"))
    warnings = tuple(Problem(**p) for p in file.report["problems"])
    return WaitingFile(file.pk, Layer(file.layer).label, file.name, file.report["features"], warnings)
