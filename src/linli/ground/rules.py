"""The flows of a change of the ground and of a merger of nets, as tables. Pure."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.accounts.choices import PostKind as P
from linli.flow.rules import Flow, Move, Stage, by_token, by_verb

CODES = "DB11/T 2157-2023"
THREE_NETS = "西城区三网融合：城市管理网、社会服务管理网、社会治安网"


def _from(*stages: str) -> frozenset[str]:
    return frozenset(stages)


_DECIDES = frozenset({P.DISTRICT_CHIEF, P.ADMINISTRATOR})

CHANGE = Flow(
    kind="ground_change",
    start="draft",
    ends=_from("withdrawn", "undone"),
    stages=by_token(
        Stage("draft", _("起草中"), _("起草中")),
        Stage("submitted", _("待批准"), _("待批准"), _DECIDES),
        Stage("scheduled", _("待生效"), _("待生效")),
        Stage("carrying", _("正在改划"), _("正在改划")),
        Stage("in_force", _("已生效"), _("已生效")),
        Stage("undoing", _("正在撤销"), _("正在撤销")),
        Stage("undone", _("已撤销"), _("已撤销")),
        Stage("withdrawn", _("已放弃"), _("已放弃")),
    ),
    moves=by_verb(
        Move("edit", _("修改"), _from("draft"), None, CODES),
        Move("submit", _("提请批准"), _from("draft"), "submitted", CODES),
        Move("send_back", _("退回修改"), _from("submitted", "scheduled"), "draft", CODES, ("reason",)),
        Move("approve", _("批准"), _from("submitted"), "scheduled", CODES, locked=True),
        Move("withdraw", _("放弃"), _from("draft", "submitted", "scheduled"), "withdrawn", CODES, ("reason",)),
        Move("begin", _("开始改划"), _from("scheduled"), "carrying", CODES, locked=True),
        Move("finish", _("改划完成"), _from("carrying"), "in_force", CODES, locked=True),
        Move("fail", _("改划失败"), _from("carrying"), "scheduled", CODES, locked=True),
        Move("begin_undo", _("开始撤销"), _from("in_force"), "undoing", CODES, ("reason",), locked=True),
        Move("finish_undo", _("撤销完成"), _from("undoing"), "undone", CODES, locked=True),
        Move("fail_undo", _("撤销失败"), _from("undoing"), "in_force", CODES, locked=True),
        Move("note", _("备注"), _from("draft", "submitted", "scheduled", "in_force"), None, "案卷备注", ("text",)),
    ),
    need_labels={"reason": _("原因"), "text": _("备注内容")},
)
"""A grid or borders: drafted, approved by somebody else, carried out on the day, undone until the next change."""

MERGER = Flow(
    kind="net_merger",
    start="computing",
    ends=_from("superseded", "withdrawn"),
    stages=by_token(
        Stage("computing", _("正在比对"), _("正在比对")),
        Stage("open", _("待逐条确定"), _("待逐条确定"), frozenset({P.PLANNER})),
        Stage("submitted", _("待批准"), _("待批准"), _DECIDES),
        Stage("in_force", _("已生效"), _("已生效")),
        Stage("superseded", _("已被替代"), _("已被替代")),
        Stage("withdrawn", _("已放弃"), _("已放弃")),
    ),
    moves=by_verb(
        Move("compared", _("比对完成"), _from("computing"), "open", THREE_NETS, locked=True),
        Move("decide", _("逐条确定"), _from("open"), None, THREE_NETS),
        Move("submit", _("提请批准"), _from("open"), "submitted", THREE_NETS),
        Move("send_back", _("退回修改"), _from("submitted"), "open", THREE_NETS, ("reason",)),
        Move("approve", _("批准"), _from("submitted"), "in_force", THREE_NETS, locked=True),
        Move("supersede", _("被新的替代"), _from("in_force"), "superseded", THREE_NETS, locked=True),
        Move("restore", _("恢复上一次的"), _from("superseded"), "in_force", THREE_NETS, ("reason",), locked=True),
        Move("undo", _("撤销"), _from("in_force"), "superseded", THREE_NETS, ("reason",), locked=True),
        Move("fail", _("比对失败"), _from("computing"), None, THREE_NETS, locked=True),
        Move("withdraw", _("放弃"), _from("computing", "open", "submitted"), "withdrawn", THREE_NETS, ("reason",)),
        Move("note", _("备注"), _from("open", "submitted", "in_force"), None, "案卷备注", ("text",)),
    ),
    need_labels={"reason": _("原因"), "text": _("备注内容")},
)
"""Three nets compared with the base grid, decided line by line, put in force by somebody else."""
