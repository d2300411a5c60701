"""The catalogue of grid matters as pages show it: versions, rows, what it leaves open, one version beside another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.organisations import queries as organisations
from linli.organisations.choices import BodyKind

from .. import hooks, matters, permissions
from ..actions.catalogue import rows_of
from ..choices import CatalogueState, Net, Object, Subject
from ..models import GridMatterCatalogue

OPEN: tuple[tuple[str, Any], ...] = (
    ("several", _("两张网都管")), ("none", _("没有一张网管")), ("nobody", _("没有责任单位"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of the catalogue."""

    id: int
    number: int
    state: str
    note: str
    revision: int
    valid_from: date | None
    valid_to: date | None
    made_by: str

    @property
    def state_name(self) -> Any:
        return CatalogueState(self.state).label


@dataclass(frozen=True, slots=True)
class MatterView:
    """A row in words. `body`: the body, or the kind of bodies that each place has its own of."""

    row: matters.Row
    nets: tuple[Any, ...]
    subject: Any
    object: Any
    body: str
    classes: tuple[tuple[str, str], ...]


def versions(actor: Actor) -> list[VersionView]:
    """All versions, the newest first (1 SQL)."""
    permissions.can_read(actor).or_forbidden()
    return [_view(r) for r in GridMatterCatalogue.objects.order_by("-number")]


def version(actor: Actor, number: int = 0, state: str = "") -> VersionView | None:
    """One version, by its number or the one in a state; None if there is none."""
    permissions.can_read(actor).or_forbidden()
    wanted: dict[str, Any] = {"number": number} if number else {"state": state or CatalogueState.IN_FORCE}
    row = GridMatterCatalogue.objects.filter(**wanted).first()
    return _view(row) if row else None


def _view(r: GridMatterCatalogue) -> VersionView:
    return VersionView(r.pk, r.number, r.state, r.note, r.revision, r.valid_from, r.valid_to, r.made_by)


def draft(actor: Actor) -> VersionView:
    """Raises Missing where there is none."""
    found = version(actor, state=CatalogueState.DRAFT)
    if found is None:
        raise Missing("no_draft", _("现在没有草稿。"))
    return found


def rows(catalogue_id: int, wanted: Mapping[str, str] | None = None) -> list[MatterView]:
    """Rows by code that match: net, subject, object, open (a token of OPEN), q (a text)."""
    wanted = wanted or {}
    listed = rows_of(catalogue_id)
    found = [view(r, names_of_classes()) for r in listed if _matches(r, wanted)]
    return found


def _matches(r: matters.Row, wanted: Mapping[str, str]) -> bool:
    text, state = wanted.get("q", ""), wanted.get("open", "")
    return (
        (not wanted.get("net") or wanted["net"] in r.of_nets)
        and (not wanted.get("subject") or r.subject == wanted["subject"])
        and (not wanted.get("object") or r.object == wanted["object"])
        and (not text or text.lower() in f"{r.code} {r.name} {r.name_en}".lower())
        and (state != "several" or len(r.of_nets) > 1)
        and (state != "none" or not r.of_nets)
        and (state != "nobody" or not (r.body_code or r.body_kind))
    )


def names_of_classes() -> dict[str, str]:
    """Names of the classes of cases in force, by code."""
    return dict(hooks.classes())


def view(r: matters.Row, names: Mapping[str, str]) -> MatterView:
    """A row in words."""
    body = organisations.body_by_code(r.body_code) if r.body_code else None
    kind = BodyKind(r.body_kind).label if r.body_kind in BodyKind.values else ""
    return MatterView(
        r, tuple(Net(n).label for n in r.of_nets if n in Net.values), Subject(r.subject).label, Object(r.object).label,
        body.name if body else str(kind), tuple((c, names.get(c, "")) for c in r.classes.split()),
    )  # fmt: skip


def one(catalogue_id: int, code: str) -> MatterView:
    """Raises Missing."""
    found = next((r for r in rows_of(catalogue_id) if r.code == code), None)
    if found is None:
        raise Missing("no_such_matter", _("这一版里没有这一项。"))
    return view(found, names_of_classes())


def review(catalogue_id: int) -> matters.Review:
    """What a version leaves open, classes of cases in force that it does not cover among it."""
    return matters.review(rows_of(catalogue_id), hooks.classes())


def difference(before_id: int, after_id: int) -> tuple[list[matters.Row], list[matters.Row], list[Any]]:
    """(added, gone, [(row as it is, [(field, before, after)])])."""
    added, gone, both = matters.changed(rows_of(before_id), rows_of(after_id))
    changes = [
        (new, [(LABELS[f], getattr(old, f), getattr(new, f)) for f in matters.FIELDS if getattr(old, f) != getattr(new, f)])
        for old, new in both
    ]  # fmt: skip
    return added, gone, changes


LABELS: Mapping[str, Any] = {
    "code": _("编码"), "name": _("名称"), "name_en": _("英文名称"), "object": _("对象"), "nets": _("所属的网"),
    "subject": _("责任主体"), "body_code": _("责任单位"), "body_kind": _("责任单位的种类"), "classes": _("问题类型"),
    "steps": _("工作流程"), "provenance": _("可信程度"), "source": _("出处"),
}  # fmt: skip
