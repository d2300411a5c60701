"""What an address of a result asks for, and what all its pages carry: name, state, hash, years, nodes, tabs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linli.accounts.permissions import ActorRequest
from linli.core.errors import Missing

from .. import permissions
from ..choices import NodeKind, ResultState
from ..queries.explore import NodeLook, Subject
from ..queries.explored import Explored, explored
from ..queries.results import Opened
from . import explore_words as words


@dataclass(frozen=True, eq=False)
class Looking:
    """One request's view of one result. `node` "" is the total."""

    of: Explored
    year: int
    node: str
    unit: str

    @property
    def opened(self) -> Opened:
        return self.of.opened

    @property
    def subject(self) -> Subject:
        return self.of.subject

    @property
    def code(self) -> str:
        return self.node or self.subject.result.framework.root

    @property
    def look(self) -> NodeLook:
        return self.subject.node(self.code)

    @property
    def ranked(self) -> bool:
        return self.may_rank(self.code)

    def may_rank(self, code: str) -> bool:
        """Whether ranks of a node are printed: never of the total of an experimental result, nor of a node that stands
        on a provisional indicator there.
        """
        if not self.opened.row.experimental:
            return True
        framework = self.subject.result.framework
        if code == framework.root:
            return False
        return all(self.subject.node(leaf).provenance == "sourced" for leaf in framework.under(code))

    @property
    def query(self) -> str:
        """The year and node of this view, for a link."""
        return urlencode({k: v for k, v in (("year", self.year), ("node", self.node)) if v})

    @property
    def caption(self) -> str:
        """What stands under every figure: result, calibre, the day of the data."""
        row, look = self.opened.row, self.look
        said = [_("结果 %(hash)s") % {"hash": row.short}]
        if row.experimental:
            said.append(_("实验性"))
        if look.calibre:
            said.append(_("口径：%(calibre)s") % {"calibre": look.calibre})
        said.append(words.data_day(row.cut))
        return "｜".join(said)


def looking(request: ActorRequest, result_id: UUID, unit: str = "") -> Looking:
    """Raises Missing: result, year, node or unit that is not there."""
    of = explored(request.actor, result_id)
    return narrowed(of, request.GET.get("year", ""), request.GET.get("node", ""), unit)


def narrowed(of: Explored, year: str, node: str, unit: str = "") -> Looking:
    result = of.subject.result
    if node == result.framework.root:
        node = ""
    if node and node not in result.framework.at:
        raise Missing("no_such_node", _("这份结果里没有这个节点。"))
    if unit and unit not in result.panel.units:
        raise Missing("no_such_unit", _("这份结果里没有这个地区。"))
    return Looking(of, year_of(of, year), node, unit)


def year_of(of: Explored, text: str) -> int:
    years = of.subject.years
    if not text:
        return years[-1]
    if text not in {str(y) for y in years}:
        raise Missing("no_such_year", _("这份结果里没有这一年。"))
    return int(text)


def frame(request: ActorRequest, at: Looking, tab: str) -> dict[str, Any]:
    """Everything that the head of each page shows."""
    row = at.opened.row
    return {
        "at": at, "row": row, "tab": tab, "title": row.name, "year": at.year, "years": at.subject.years, "node": at.code,
        "nodes": node_choices(at), "reasons": words.reasons(row.reasons, at.opened), "tabs": tabs(at),
        "caption": at.caption, "query": at.query, "state": ResultState(row.state), "notes": [p for p in row.problems if not p.stops],
        "may_release": row.state == ResultState.DONE and bool(permissions.can_release(request.actor, row.by)),
        "release_why": _why(request, at),
        "may_withdraw": row.state == ResultState.RELEASED and bool(permissions.can_release(request.actor, "")),
        "may_work": bool(permissions.can_work(request.actor)), "absent_nodes": at.of.absent_nodes,
    }  # fmt: skip


def _why(request: ActorRequest, at: Looking) -> str:
    """Why a button that one expects is not there: no dead buttons, no riddles."""
    row = at.opened.row
    if row.state != ResultState.DONE or not request.actor.holds(permissions.RELEASE_KINDS | permissions.WORK_KINDS):
        return ""
    decision = permissions.can_release(request.actor, row.by)
    return "" if decision else str(decision.reason)


def node_choices(at: Looking) -> list[tuple[str, str]]:
    """(code, name indented by depth) for the chooser."""
    return [(code, "　" * depth + at.subject.node(code).name) for depth, code in at.subject.tree()]


def tabs(at: Looking) -> list[dict[str, str]]:
    """The pages of one result. The year goes with one from page to page."""
    id, query = at.opened.row.id, urlencode({"year": at.year})
    named = [
        ("ranking", "evaluation:result", pgettext("result", "排名") if at.may_rank(at.subject.result.framework.root) else pgettext("result", "得分")),
        ("map", "evaluation:result-map", pgettext("result", "地图")),
        ("units", "evaluation:result-units", pgettext("result", "地区")),
        ("what-if", "evaluation:result-what-if", pgettext("result", "调权重")),
        ("structure", "evaluation:result-structure", pgettext("result", "相关")),
        ("weights", "evaluation:result-weights", pgettext("result", "权重")),
        ("sensitivity", "evaluation:result-sensitivity", pgettext("result", "稳不稳")),
        ("cells", "evaluation:result-cells", pgettext("result", "数据处理")),
        ("hash", "evaluation:result-hash", pgettext("result", "结果码")),
    ]  # fmt: skip
    return [{"key": key, "label": label, "url": f"{reverse(name, args=[id])}?{query}"} for key, name, label in named]


def parts(opened: Opened) -> dict[str, str]:
    return {n.code: n.name for n in opened.nodes if n.kind == NodeKind.PART}
