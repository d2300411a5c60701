"""The three matrices in words: what each is called, what it measures, what is said of it. One place, pages and files."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import rules
from ..rules import Matrix, Statement

LABELS = {
    Matrix.REACHABLE: gettext_lazy("走得到"),
    Matrix.PROVIDED: gettext_lazy("提供"),
    Matrix.FULFILLED: gettext_lazy("满足度"),
}


def calibre(matrix: Matrix) -> str:
    """In words what a matrix measures. Never the same thing as another one."""
    return {
        Matrix.REACHABLE: _("按步行路网算：社区里九成以上的住处在限定距离内走得到，记“走得到”；走不到而且周边已查全，才记“走不到”。界外的设施也算。"),
        Matrix.PROVIDED: _("按年度调查：社区自己填“提供、未提供、暂停”。暂停和未提供都记“未提供”，没填的是“数据缺失”。"),
        Matrix.FULFILLED: _("按年度调查：社区自己报的满足度（0—100%）。它不是步行距离，也不是有没有提供；公开材料没有给出定义。"),
    }[matrix]  # fmt: skip


def statement_words(s: Statement) -> dict[str, Any]:
    """A statement as pages and files print it."""
    words = {
        "items_everywhere": _("覆盖全部社区的项目"), "communities_complete": _("项目齐全的社区"),
        "items_everywhere_lived": _("覆盖全部社区的项目（只看有住处数据的社区）"),
        "communities_complete_lived": _("项目齐全的社区（只看有住处数据的）"),
        "fulfilled_most": _("满足度 90% 及以上的项目"), "fulfilled_whole": _("满足度 100% 的项目"),
    }  # fmt: skip
    bounds = s.bounds
    return {
        "label": words[s.key], "number": s.number, "among": s.among, "missing": s.missing, "percent": rules.percent_said(s.percent),
        "bounds": f"{bounds[0]:.0f}—{bounds[1]:.0f}%" if bounds and s.missing else "",
    }  # fmt: skip
