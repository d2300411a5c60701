"""The three matrices in words: what each is called, what it measures, what is said of it. One place, pages and files."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..queries import catalogue as catalogues
from ..queries import dated
from ..rules import Matrix, Reading, Statement

LABELS = {
    Matrix.REACHABLE: gettext_lazy("走得到"),
    Matrix.PROVIDED: gettext_lazy("提供"),
    Matrix.FULFILLED: gettext_lazy("满足度"),
}


READINGS = {
    Reading.ALL: gettext_lazy("各项都有"),
    Reading.ANY: gettext_lazy("任一项有"),
    Reading.SHARE: gettext_lazy("九成项目有"),
}


def reading_words(reading: Reading) -> str:
    """When a row with several sub-items counts as there."""
    return {
        Reading.ALL: _("一行下面有几个小类时，各项都有才算有；有一项确认没有就算没有"),
        Reading.ANY: _("一行下面有几个小类时，任一项有就算有；各项都确认没有才算没有"),
        Reading.SHARE: _("一行下面有几个小类时，九成以上的小类有才算有；缺的数据都补上也不到九成，才算没有"),
    }[reading]


def at_least(percent: float | None, gaps: int, decimals: int = 0) -> str:
    """A share in words: beside data that is missing it is a lower bound; at least nothing is not worth a number."""
    if percent is None:
        return "—"
    if gaps and not percent:
        return _("数据缺失")
    said = f"{percent:.{decimals}f}%"
    return _("至少 %(share)s") % {"share": said} if gaps else said


def calibre(matrix: Matrix) -> str:
    """In words what a matrix measures. Never the same thing as another one."""
    return {
        Matrix.REACHABLE: _("按步行路网算：社区里九成以上的住处在限定距离内走得到，记“走得到”；走不到而且周边已查全，才记“走不到”。界外的设施也算。"),
        Matrix.PROVIDED: _("按年度调查：社区自己填“提供、未提供、暂停”。暂停和未提供都记“未提供”，没填的是“数据缺失”。"),
        Matrix.FULFILLED: _("按年度调查：社区自己报的满足度（0—100%）。它不是步行距离，也不是有没有提供；公开材料没有给出定义。"),
    }[matrix]  # fmt: skip


def early_words(day: date) -> str:
    """That a day lies before the data, in a sentence that names the day of the data; "" where it does not."""
    found = dated.early(day)
    if found is None:
        return ""
    said = []
    if found.facilities:
        words = _("%(n)s 处设施没有记下哪天开的，按 %(as_of)s 的资料算作已有")
        said.append(words % {"n": f"{found.facilities:,}", "as_of": found.facilities_as_of})
    if found.network_as_of:
        said.append(_("步行路网是 %(as_of)s 的") % {"as_of": found.network_as_of})
    return _("%(day)s 早于数据日期：%(said)s。") % {"day": day, "said": _("；").join(said)}


def simulated_words(kind: str, day: date) -> str:
    """That a no rests on statements made up for a demonstration; "" where none does."""
    n = len(catalogues.simulated_completeness(kind, day))
    return _("演示数据：%(n)s 条“已查全”是模拟的，由此得出的“走不到”也是模拟的。") % {"n": f"{n:,}"} if n else ""


def statement_words(s: Statement) -> dict[str, Any]:
    """A statement as pages and files print it."""
    words = {
        "items_everywhere": _("覆盖全部社区的项目"), "communities_complete": _("项目齐全的社区"),
        "items_everywhere_lived": _("覆盖全部社区的项目（只看有住处数据的社区）"),
        "communities_complete_lived": _("项目齐全的社区（只看有住处数据的）"),
        "fulfilled_most": _("满足度 90% 及以上的项目"), "fulfilled_whole": _("满足度 100% 的项目"),
    }  # fmt: skip
    low, high = s.bounds or (None, None)
    return {
        "label": words[s.key], "number": s.number, "among": s.among, "missing": s.missing, "all": s.among + s.missing,
        "percent": at_least(low, s.missing, 1), "most": f"{high:.0f}%" if high is not None and s.missing else "",
        "bounds": f"{low:.0f}—{high:.0f}%" if low is not None and s.missing else "",
    }  # fmt: skip
