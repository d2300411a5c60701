"""The choices of a step's lists: bodies, classes, joint bodies; and by which letters the page's search finds a body."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from linli.organisations import queries as organisations
from linli.organisations.choices import SOCIETY, BodyKind

from .. import queries
from ..catalogue import initials_of
from ..forms import StepForm
from ..queries.hands import open_parts


@lru_cache(maxsize=2048)
def _letters(name: str) -> str:
    return initials_of(name[:12])


def initials() -> dict[int, str]:
    """Pinyin initials of every active body, for the search in the lists."""
    return {body.id: _letters(body.name) for body in organisations.bodies()}


def fill(form: StepForm, found: Any) -> None:
    """The choices of lists, the suggested body first."""
    for name in ("body", "joint", "bodies"):
        if name in form.fields:
            choices = society_choices(found) if name == "bodies" else body_choices(found)
            form.fields[name].widget.choices = choices if name == "body" else choices[1:]  # type: ignore[attr-defined]
    if ruled := form.initial.get("joint"):
        _offer_ruled(form.fields["joint"], ruled)
    if form.verb == "release_assist":
        parts = [(i, organisations.body_name(i)) for i in open_parts(found)]
        form.fields["joint"].widget.choices = parts  # type: ignore[attr-defined]
    tops: dict[str, list[tuple[str, str]]] = {}
    if "class_code" in form.fields or "parts" in form.fields:
        for view in queries.classes():
            tops.setdefault(view.top_name, []).append((view.code, view.name))
    if "class_code" in form.fields:
        form.fields["class_code"].widget.choices = [("", _("不更正")), *tops.items()]  # type: ignore[attr-defined]
    if "parts" in form.fields:
        for select in form.fields["parts"].widget.widgets[::2]:  # type: ignore[attr-defined]
            select.choices = [("", _("问题类型")), *tops.items()]


def _offer_ruled(field: Any, ruled: list[int]) -> None:
    """What the routing rule names stands chosen, also where the list would not have it; the dispatcher may take it out."""
    listed = {i for _group, rows in field.widget.choices for i, _name in rows}
    missing = [(i, organisations.body_name(i)) for i in ruled if i not in listed]
    if missing:
        field.widget.choices = [(_("按派遣规则"), missing), *field.widget.choices]
    field.help_text = _("已按派遣规则填好，不需要的可以去掉。")


def society_choices(found: Any) -> list[Any]:
    """The bodies of society that answer here or around here, by kind."""
    place = found.matter.community or found.matter.subdistrict or found.matter.area
    near = [b for b in organisations.bodies(kinds=SOCIETY) if place.startswith(b.division)]
    groups = [(k.label, [(b.id, b.name) for b in near if b.kind == k]) for k in SOCIETY]
    return [("", ""), *((label, rows) for label, rows in groups if rows)]


def body_choices(found: Any) -> list[Any]:
    """Who may be given the case: the suggested body, those of the place, the district's departments and enterprises."""
    suggested, matter = queries.suggested_body(found), found.matter
    groups: dict[str, list[tuple[int, str]]] = {
        _("建议（按派遣表）"): [(suggested.id, suggested.name)] if suggested else [],
        _("所在街道"): [],
        _("区属部门"): [],
        _("服务企业"): [],
        _("所在社区和社会组织"): [],
    }
    place, departments, enterprises, others = list(groups)[1:]
    for body in organisations.bodies():
        if suggested and body.id == suggested.id:
            continue
        near = bool(matter.subdistrict) and body.division.startswith(matter.subdistrict)
        if body.kind in (BodyKind.SUBDISTRICT_OFFICE, BodyKind.GRID_TEAM) and near:
            groups[place].append((body.id, body.name))
        elif body.kind in (BodyKind.DEPARTMENT, BodyKind.COMMAND_CENTRE):
            groups[departments].append((body.id, body.name))
        elif body.kind == BodyKind.ENTERPRISE:
            groups[enterprises].append((body.id, body.name))
        elif body.kind == BodyKind.SOCIAL_ORGANISATION or (near and body.division == matter.community):
            groups[others].append((body.id, body.name))
    return [("", _("请选择承办单位")), *((name, rows) for name, rows in groups.items() if rows)]
