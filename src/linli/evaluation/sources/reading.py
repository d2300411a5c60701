"""A file from its bytes to a Reading."""

from __future__ import annotations

from django.utils.translation import gettext as _

from linli.exchange.columns import shown
from linli.exchange.packed import refuse

from .grids import open_file
from .layout import find
from .said import How, Reading, Vocabulary
from .settle import settle
from .tables import read_grid


def read_file(data: bytes, vocabulary: Vocabulary, how: How) -> Reading:
    """What a statistics file says. Raises Invalid (field `file`): no_header, and what grids.open_file raises."""
    grids, notes = open_file(data)
    out = Reading()
    for sentence in notes:
        out.tell("file", sentence)
    found = 0
    for grid in grids:
        layout = find(grid, vocabulary, how)
        if layout is None:
            if grid.rows:
                out.tell("no_table", _("工作表“%(name)s”里没有找到表。") % {"name": shown(grid.name)})
            continue
        found += 1
        out.form = layout.form if found == 1 else out.form
        read_grid(grid, layout, vocabulary, how, out)
    if not found:
        raise refuse("no_header", _("没有找到表头：要有一列地区（或代码），和写明年份或指标的列。"))
    for line in out.footer[:20]:
        out.tell("foot_note", shown(line) if len(line) < 40 else line[:300])
    settle(out, vocabulary, how)
    return out
