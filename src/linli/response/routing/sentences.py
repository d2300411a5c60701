"""A rule in words: 牛街街道、市容环境、夜间 → 街道综合执法队."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .engine import OFF, WORKING, Decision, Rule, parse_hours

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Names:
    """How codes are called on the screen."""

    division: Callable[[str], str]
    case_class: Callable[[str], str]
    channel: Callable[[str], str]
    body: Callable[[str], str]


def _several(codes: Sequence[str], name: Callable[[str], str], every: str) -> str:
    if not codes or "" in codes:
        return every
    words = [name(c) or c for c in codes[:SHOWN]]
    if len(codes) <= SHOWN:
        return _("、").join(words)
    return _("%(some)s等 %(n)s 项") % {"some": _("、").join(words[:2]), "n": len(codes)}


def _all(codes: Sequence[str], name: Callable[[str], str]) -> str:
    """Every name of a list that is too long for a line; empty for a short one."""
    return _("、").join(name(c) or c for c in codes) if len(codes) > SHOWN and "" not in codes else ""


def hours_words(hours: str) -> str:
    """工作时间, 非工作时间, 夜间（22:00-06:00）, 08:00-20:00; empty for all day, the text itself if it cannot be read."""
    if hours == WORKING:
        return _("工作时间")
    if hours == OFF:
        return _("非工作时间")
    if not hours:
        return ""
    try:
        start, end = parse_hours(hours) or (0, 0)
    except ValueError:  # a line that is being refused is still shown
        return hours
    return _("夜间（%(hours)s）") % {"hours": hours} if end < start else hours


def parts(rule: Rule, names: Names) -> dict[str, str]:
    """The words of a rule, one by one; empty where it takes everything."""
    return {
        "classes_all": _all(rule.classes, names.case_class),
        "divisions_all": _all(rule.divisions, names.division),
        "divisions": _several(rule.divisions, names.division, _("全区")),
        "classes": _several(rule.classes, names.case_class, _("各类问题")),
        "channels": _several(rule.channels, names.channel, "") if rule.channels else "",
        "hours": hours_words(rule.hours),
        "lead": (names.body(rule.lead) or rule.lead) if rule.lead else _("由区里决定"),
        "joint": _("、").join(names.body(b) or b for b in rule.joint),
    }


def sentence(rule: Rule, names: Names) -> str:
    """The whole rule in one line."""
    words = parts(rule, names)
    when = _("、").join(words[k] for k in ("divisions", "classes", "channels", "hours") if words[k])
    line = _("%(when)s → %(lead)s") % {"when": when, "lead": words["lead"]}
    return _("%(line)s，协办：%(joint)s") % {"line": line, "joint": words["joint"]} if words["joint"] else line


def explain(decision: Decision, names: Names) -> str:
    """Why a case goes where it goes."""
    if decision.rule is None:
        return _("没有规则管到：由区里决定。")
    return _("第 %(order)s 条：%(sentence)s") % {
        "order": decision.rule.order,
        "sentence": sentence(decision.rule, names),
    }
