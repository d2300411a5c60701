"""Text to typed values: the lines of a border draft and what its helpers ask for. Saves nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid

from .actions.changes import LINES_MOST, NAME_MAX
from .choices import LineKind
from .mapping import Line
from .operations import Desk

FIELDS = ("kind", "old", "new", "name", "short_name")
CODES = re.compile(r"\d{6,15}")
_LEADING = re.compile(r"\d{6,15}(?=\D|$)")


class NameForm(forms.Form):
    """The public title of a change: a document's, never a person's."""

    name = forms.CharField(
        label=_("名称"), max_length=NAME_MAX, help_text=_("公开的题目，例如文件名和文号；不写个人姓名。")
    )


class SubmitForm(forms.Form):
    """The day on which it takes effect."""

    effective_on = forms.DateField(
        label=_("生效日期"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("批准以后到这一天自动改划。选今天就是批准后马上改。"),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


def code_in(text: str, names: Mapping[str, str]) -> str:
    """The code somebody means: its digits, with or without the name behind them, or a name that only one has."""
    said = text.strip()
    found = _LEADING.match(said)
    if found:
        return found.group()
    same = [code for code, name in names.items() if name and name == said]
    return same[0] if len(same) == 1 else said


def lines_in(data: Mapping[str, Any], names: Mapping[str, str]) -> list[Line]:
    """The rows of the table, empty ones left out. What the kind implies is filled in: the code of a rename, a free serial.

    Raises Invalid (too_many_lines, bad_rows).
    """
    count = _count(data.get("rows", ""))
    desk = Desk(names)
    for n in range(1, count + 1):
        kind, old, new, name, short = (str(data.get(f"{key}-{n}", "")).strip() for key in FIELDS)
        if not (old or new or name or short):
            continue
        desk.lines.append(_filled(Line(kind, code_in(old, names), code_in(new, names), name, short), desk))
    return desk.lines


def _count(text: str) -> int:
    if not text.isdigit() or len(text) > 9:
        raise Invalid("bad_rows", _("表单不完整，请刷新后再试。"))
    count = int(text)
    if count > LINES_MOST + 50:
        sentence = _("一次改动最多 %(n)s 条。") % {"n": LINES_MOST}
        raise Invalid("too_many_lines", sentence, fields={"lines": [sentence]})
    return count


def _filled(line: Line, desk: Desk) -> Line:
    kind, old, new = line.kind, line.old, line.new
    if kind == LineKind.RENAME and not new:
        new = old
    elif kind == LineKind.NEW:
        old = ""
        if len(new) == 6 and new in desk.names and new.isdigit():  # the district: a subdistrict under it
            new = desk.free(new)
    elif kind == LineKind.MOVE and len(new) == len(old) - 3 and new.isdigit():  # only the new parent was named
        new = desk.free(new, like=old)
    return Line(kind, old, new, line.name, line.short_name)


def cells_in(text: str) -> list[str]:
    """Codes of grids out of free text, each once."""
    return list(dict.fromkeys(CODES.findall(text)))


def version_in(data: Mapping[str, Any]) -> int:
    """The version a form was made of. Raises Invalid."""
    text = str(data.get("version", ""))
    if not text.isdigit() or len(text) > 9:
        raise Invalid("bad_version", _("表单不完整，请刷新后再试。"))
    return int(text)
