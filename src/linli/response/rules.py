"""The response chain as a table, and pure decisions over cases. Each arrow cites its source."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linli.accounts.choices import PostKind as P
from linli.core.clock import local
from linli.core.errors import Invalid
from linli.flow.rules import Flow, Move, Stage

SEVEN_STEPS = "七步闭环（东城，2004；扶政办〔2019〕3号）"
HOTLINE = "《12345热线服务与管理规范》征求意见稿（2021）"
HANDLING_VERBS = frozenset({"sign", "feed_back", "return"})


def _stages(*stages: Stage) -> dict[str, Stage]:
    return {s.token: s for s in stages}


def _moves(*moves: Move) -> dict[str, Move]:
    return {m.verb: m for m in moves}


_SUPERVISION = frozenset({P.OPERATOR, P.DESK})
_ANY = frozenset({"reported", "accepted", "dispatched", "handling", "fed_back", "verified", "closed"})

CASE = Flow(
    kind="case",
    start="reported",
    ends=frozenset({"ended", "declined"}),
    stages=_stages(
        Stage("reported", _("待立案"), _("已收到"), _SUPERVISION),
        Stage("accepted", _("待派遣"), _("已收到"), frozenset({P.DISPATCHER, P.SUBDISTRICT_CHIEF, P.DISTRICT_CHIEF})),
        Stage("dispatched", _("待签收"), _("正在办"), frozenset({P.HANDLER, P.GRID_WORKER}), by="body"),
        Stage("handling", _("处理中"), _("正在办"), frozenset({P.HANDLER, P.GRID_WORKER}), by="body"),
        Stage("fed_back", _("待核查"), _("正在办"), frozenset({P.VERIFIER})),
        Stage("verified", _("待结案"), _("正在办"), frozenset({P.VERIFIER, P.OPERATOR})),
        Stage("closed", _("待回访"), _("已办好，请评价"), _SUPERVISION),
        Stage("ended", _("已归档"), _("已完成")),
        Stage("declined", pgettext_lazy("stage", "不予立案"), _("没有立案")),
    ),
    moves=_moves(
        Move("accept", _("立案"), frozenset({"reported"}), "accepted", f"{SEVEN_STEPS}：案卷建立"),
        Move("decline", _("不予立案"), frozenset({"reported"}), "declined", f"{SEVEN_STEPS}：案卷建立", ("reason",)),
        Move("dispatch", _("派遣"), frozenset({"accepted"}), "dispatched", f"{SEVEN_STEPS}：任务派遣", ("body",)),
        Move(
            "sign", _("签收"), frozenset({"dispatched"}), "handling", f"{SEVEN_STEPS}：任务处理；2 小时内签收（青龙）"
        ),
        Move("return", _("退单"), frozenset({"dispatched"}), "accepted", f"{HOTLINE}：派单与退单", ("reason",)),
        Move("feed_back", _("反馈"), frozenset({"handling"}), "fed_back", f"{SEVEN_STEPS}：处理反馈", ("result",)),
        Move("pass", _("核查通过"), frozenset({"fed_back"}), "verified", f"{SEVEN_STEPS}：核查结案", locked=True),
        Move("rework", _("返工"), frozenset({"fed_back"}), "handling", f"{SEVEN_STEPS}：核查结案", ("reason",), True),
        Move("close", _("结案"), frozenset({"verified"}), "closed", f"{SEVEN_STEPS}：核查结案", locked=True),
        Move(
            "call_back",
            _("回访"),
            frozenset({"closed"}),
            "ended",
            f"{SEVEN_STEPS}：综合评价；{HOTLINE}：回访",
            ("outcome",),
        ),
        Move("rate", _("居民评价"), frozenset({"closed"}), "ended", f"{HOTLINE}：回访", ("outcome",)),
        Move(
            "reopen",
            _("重开"),
            frozenset({"closed"}),
            "accepted",
            f"{HOTLINE}：回访未解决的重新办理",
            ("reason",),
            True,
        ),
        Move("note", _("备注"), _ANY, None, "案卷备注", ("text",)),
    ),
    need_labels={
        "reason": _("原因"),
        "body": _("承办单位"),
        "result": _("处理结果"),
        "outcome": _("是否解决"),
        "text": _("备注内容"),
        "photos": _("照片"),
        "satisfaction": _("是否满意"),
    },
)
"""Cases may end only after a verification: the one way into `verified` is `pass`, which no variant can remove."""

# Residents read four words; staff read the field's own.
PLAIN_STEPS = (_("已收到"), _("正在办"), _("已办好，请评价"), _("已完成"))
EXTRA_LABELS = {"report": _("上报"), "redue": _("重算时限"), "erase": _("删除个人信息")}


def plain_step(stage: str) -> int:
    """Which of the plain steps a stage stands at (0-based); -1 when declined."""
    order = {
        "reported": 0, "accepted": 0, "dispatched": 1, "handling": 1,
        "fed_back": 1, "verified": 1, "closed": 2, "ended": 3,
    }  # fmt: skip
    return order.get(stage, -1)


def label_of(verb: str):  # type: ignore[no-untyped-def]
    """A verb's word on screen, the journal's own verbs included."""
    move = CASE.moves.get(verb)
    return move.label if move else EXTRA_LABELS.get(verb, verb)


def luhn(digits: str) -> int:
    """The check digit (ISO/IEC 7812-1): it catches a misheard digit and most swaps on the telephone."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def number_of(matter_id: int, opened_at: datetime) -> str:
    """The case number: day of report in Shanghai, serial, check digit, as 261122-000042-7."""
    day, serial = f"{local(opened_at):%y%m%d}", f"{matter_id:06d}"
    return f"{day}-{serial}-{luhn(day + serial)}"


def parse_number(text: str) -> int:
    """The matter id in a case number; spaces, dashes and full-width digits are accepted. Raises Invalid."""
    digits = "".join(str(int(c)) for c in text if c.isdecimal())
    if not 13 <= len(digits) <= 24 or luhn(digits[:-1]) != int(digits[-1]):
        raise Invalid(
            "bad_number", _("编号不对，请核对后再输入。"), fields={"number": [_("编号不对，请核对后再输入。")]}
        )
    return int(digits[6:-1])
