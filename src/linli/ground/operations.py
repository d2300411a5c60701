"""Whole operations on borders as the lines they are made of: 合并街道, 社区改隶, 新设街道, 移动边界, 更名. Pure.

A line for a code that has one already takes its place: doing an operation again corrects it. Codes are proposed, never
taken from a division that is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid

from .choices import LineKind
from .mapping import LAST, Line


@dataclass
class Desk:
    """The lines of a draft beside the names in force (code → name, 6 to 15 digits)."""

    names: Mapping[str, str]
    lines: list[Line] = field(default_factory=list)

    def put(self, *lines: Line) -> None:
        """Add lines; of one code the last one counts."""
        for line in lines:
            at = next((i for i, x in enumerate(self.lines) if line.old and x.old == line.old), None)
            if at is None:
                self.lines.append(line)
            else:
                self.lines[at] = line

    def taken(self) -> set[str]:
        """Codes that are in use now or that a line gives away."""
        return {*self.names, *(x.new for x in self.lines if x.kind != LineKind.CELL)}

    def free(self, parent: str, like: str = "") -> str:
        """The next code under `parent` that nobody has; with the serial of `like` if that is free. Raises Invalid."""
        taken = self.taken()
        if like and parent + like[-3:] not in taken:
            return parent + like[-3:]
        last = max((int(c[-3:]) for c in taken if len(c) == len(parent) + 3 and c.startswith(parent)), default=0)
        for n in [*range(last + 1, LAST + 1), *range(1, last)]:
            if (code := f"{parent}{n:03d}") not in taken:
                return code
        raise _wrong("new", _("%(code)s 之下的三位序号已经用完。") % {"code": parent})

    # --- operations -------------------------------------------------------------------------------------
    def merge(self, code: str, into: str) -> None:
        """A subdistrict or community goes whole into another of its level."""
        self._known(code, "merge_code", (9, 12))
        self._known(into, "merge_into", (len(code),))
        if code == into:
            raise _wrong("merge_into", _("不能并入自己。"))
        self.put(Line(LineKind.MERGE, code, into))

    def transfer(
        self, communities: Collection[str], into: str, *, name: str = "", short_name: str = "", code: str = ""
    ) -> None:
        """Communities come under another subdistrict; `into` "": under a new one of `name`, at `code` or the next free."""
        if not communities:
            raise _wrong("communities", _("请先选社区。"))
        for one in communities:
            self._known(one, "communities", (12,))
        if into:
            parent = into
            if parent not in self._made(9):
                self._known(parent, "transfer_into", (9,))
        else:
            parent = self._new(name, short_name, code, sorted(communities)[0][:6])
        for one in sorted(communities):
            if one[:9] == parent:
                raise _wrong("transfer_into", _("%(name)s已经属于这个街道。") % {"name": self.names.get(one, one)})
            self.lines = [x for x in self.lines if x.old != one]
            self.put(Line(LineKind.MOVE, one, self.free(parent, like=one)))

    def _new(self, name: str, short_name: str, code: str, district: str) -> str:
        if not name:
            raise _wrong("new_name", _("请写新街道的名称。"))
        code = code or self.free(district)
        if not (code.isascii() and code.isdigit() and len(code) == 9):
            raise _wrong("new_code", _("街道的编码是 9 位数字。"))
        if code in self.names:
            raise _wrong("new_code", _("这个编码已经在用。"))
        self.lines = [x for x in self.lines if x.new != code or x.kind != LineKind.NEW]
        self.lines.insert(0, Line(LineKind.NEW, "", code, name, short_name))
        return code

    def move_border(self, cells: Sequence[str], into: str) -> None:
        """Cells come under another community: the border between the two moves."""
        if not cells:
            raise _wrong("cells", _("请先选要划走的网格。"))
        if into not in self._made(12):
            self._known(into, "cells_into", (12,))
        for cell in cells:
            self._known(cell, "cells", (15,))
            if cell[:12] == into:
                raise _wrong("cells", _("网格 %(code)s 已经属于这个社区。") % {"code": cell})
        self.put(*[Line(LineKind.CELL, cell, into) for cell in dict.fromkeys(cells)])

    def rename(self, code: str, name: str, short_name: str = "") -> None:
        """Another name, the same code and ground."""
        self._known(code, "rename_code", (6, 9, 12))
        if not name:
            raise _wrong("rename_name", _("请写新的名称。"))
        self.put(Line(LineKind.RENAME, code, code, name, short_name))

    def _made(self, digits: int) -> set[str]:
        return {x.new for x in self.lines if x.kind == LineKind.NEW and len(x.new) == digits}

    def _known(self, code: str, where: str, digits: Sequence[int]) -> None:
        if code not in self.names:
            raise _wrong(
                where, _("没有 %(code)s 这个编码，请从列表里选。") % {"code": code} if code else _("请从列表里选。")
            )
        if len(code) not in digits:
            raise _wrong(where, _("级别不对，请从列表里选。"))


def _wrong(name: str, sentence: Any) -> Invalid:
    return Invalid("bad_operation", sentence, fields={name: [sentence]})
