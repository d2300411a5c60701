"""The live layers as content that can be changed and put back, and the check of what is to be put in their place."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from .boundaries import Checked, check_features
from .choices import DIGITS, FileState, Layer, Provenance
from .coverage import check_batch
from .layers import LayerContent, LayerFeature
from .models import BoundaryFile, Division, GridLayer, LayerCell
from .pack import Boundaries
from .snapshot import Snapshot, current


def live_layers() -> dict[Layer, LayerContent]:
    """Every layer as it is live, with the flags of each feature; the communities known by name only too."""
    here = current()
    return {layer: _grid(here) if layer is Layer.GRIDS else _divisions(here, layer) for layer in Layer}


def _divisions(here: Snapshot, layer: Layer) -> LayerContent:
    views = here.children.get((DIGITS[layer], ""), ())
    rows = (
        Division.objects.filter(edition_id=here.edition_id, level=DIGITS[layer]).exclude(boundary="").order_by("code")
    )
    facts = rows.values_list("approximate", "provenance", "source", "valid_from").first()
    approximate, provenance, source, since = facts or (True, Provenance.PROVISIONAL, "", None)
    features = tuple(
        LayerFeature(v.code, v.name, here.shapes.get(v.code), v.lon, v.lat, _said(v.approximate, approximate))
        for v in views
    )
    return LayerContent(features, approximate, provenance, source, since)


def _grid(here: Snapshot) -> LayerContent:
    grid = GridLayer.objects.filter(edition_id=here.edition_id, key="base").first()
    rough = grid is None or grid.approximate
    since = LayerCell.objects.filter(layer=grid).values_list("valid_from", flat=True).first() if grid else None
    features = tuple(
        LayerFeature(code, "", shape, *here.cells[code][:2], _said(here.cells[code][2], rough))
        for code, shape in here.cell_shapes.items()
    )
    return LayerContent(
        features, rough, grid.provenance if grid else Provenance.PROVISIONAL, grid.source if grid else "", since
    )


def _said(own: bool, layer: bool) -> bool | None:
    return None if own == layer else own


def check(layers: Mapping[Layer, LayerContent]) -> dict[Layer, Checked]:
    """Every problem of layers that are to be put in force together. `problems` count features from 0."""
    here = current()
    known = {code: view.name for code, view in here.divisions.items()}
    batch = {Layer(layer): _alone(Layer(layer), content, known) for layer, content in layers.items()}
    if not any(found.stopped for found in batch.values()):
        live = {layer: _boundaries(layer, content) for layer, content in live_layers().items()}
        kept = BoundaryFile.objects.filter(state=FileState.ACCEPTED).values_list("layer", flat=True)
        district = here.edition.district if here.edition else ""
        check_batch(batch, district, live, frozenset(map(Layer, kept)))
        if Layer.COMMUNITIES in batch:
            _check_named(batch, layers[Layer.COMMUNITIES], live)
    return batch


def _alone(layer: Layer, content: LayerContent, known: Mapping[str, str]) -> Checked:
    """Each feature on its own; those without a geometry are communities with a name, once each."""
    drawn = [(n, f) for n, f in enumerate(content.features) if f.geometry is not None or layer is not Layer.COMMUNITIES]
    found = check_features(((f.code, f.name, f.geometry) for _n, f in drawn), layer, known, [n for n, _f in drawn])
    seen = {f.code for _n, f in drawn}
    for number, feature in enumerate(content.features):
        if layer is not Layer.COMMUNITIES or feature.geometry is not None:
            continue
        code = feature.code
        where = {"feature": number, "division": code[:20]}
        if not (code.isascii() and code.isdigit() and len(code) == DIGITS[layer]):
            found.add("bad_code", _("编码应是 %(n)s 位数字。") % {"n": DIGITS[layer]}, **where)
        elif code in seen:
            found.add("duplicate_code", _("编码重复：同一层里出现了两次。"), **where)
        elif not (feature.name.strip() or known.get(code)):
            found.add("missing_name", _("缺少名称（name），系统里也没有这个编码的名称。"), **where)
        else:
            found.names[code] = feature.name.strip()[:100] or known[code]
        seen.add(code)
    if content.provenance not in Provenance.values:
        found.add("bad_provenance", _("没有写明这一层的可信程度。"))
    return found


def _check_named(batch: Mapping[Layer, Checked], content: LayerContent, live: Mapping[Layer, Boundaries]) -> None:
    """A community without a boundary falls to its subdistrict, so that must be there."""
    found = batch[Layer.COMMUNITIES]
    above = batch.get(Layer.SUBDISTRICTS)
    parents = above.geometries if above else live[Layer.SUBDISTRICTS].geometries
    for number, feature in enumerate(content.features):
        if feature.geometry is None and feature.code[:9] not in parents:
            text = _("上级编码 %(code)s 不存在。") % {"code": feature.code[:9]}
            found.add("unknown_parent", text, feature=number, division=feature.code)


def _boundaries(layer: Layer, content: LayerContent) -> Boundaries:
    drawn = {f.code: f for f in content.features if f.geometry is not None}
    return Boundaries(
        layer,
        {c: f.geometry for c, f in drawn.items() if f.geometry is not None},
        {c: f.name for c, f in drawn.items()},
        content.approximate,
        content.provenance,
        named={f.code: (f.name, f.lon, f.lat) for f in content.features if f.geometry is None},
    )
