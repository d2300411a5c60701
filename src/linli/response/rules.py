"""The response chain as a table, and pure decisions over cases. Each arrow cites its source."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linli.accounts.choices import PostKind as P
from linli.core.clock import local
from linli.core.errors import Invalid
from linli.flow.rules import Flow, Move, Stage, by_token, by_verb

SEVEN_STEPS = "七步闭环（东城，2004；扶政办〔2019〕3号）"
HOTLINE = "《12345热线服务与管理规范》征求意见稿（2021）"
FULL_RESPONSE = "西城区全响应网格化社会服务管理"
SUPERVISING = "督办规则：见设置里的催办督办表"
HANDLING_VERBS = frozenset({"sign", "feed_back", "ask_return", "take_transfer", "claim", "mend", "assist_report"})


def _from(*stages: str) -> frozenset[str]:
    return frozenset(stages)


_SUPERVISION = frozenset({P.OPERATOR, P.DESK})
_COMMAND = frozenset({P.DISPATCHER, P.SUBDISTRICT_CHIEF, P.DISTRICT_CHIEF})
_BODY = frozenset({P.HANDLER, P.GRID_WORKER})
_AT_WORK = _from("dispatched", "handling")
_OPEN = _from(
    "reported", "accepted", "finding", "offered", "dispatched", "handling", "return_asked", "transfer_asked",
    "fed_back", "verified",
)  # fmt: skip
_ANY = _OPEN | {"closed", "merged"}

CASE = Flow(
    kind="case",
    start="reported",
    ends=_from("ended", "declined"),
    asks=frozenset({P.SUBDISTRICT_CHIEF, P.DISTRICT_CHIEF}),
    raised=("case__level", "district"),
    stages=by_token(
        Stage("reported", _("待立案"), _("已收到"), _SUPERVISION),
        Stage("accepted", _("待派遣"), _("已收到"), _COMMAND, by_level=True),
        Stage("finding", _("待认定"), _("已收到"), _COMMAND, by_level=True),
        Stage("offered", _("待认领"), _("正在办"), frozenset({P.HANDLER}), by="offer"),
        Stage("dispatched", _("待签收"), _("正在办"), _BODY, by="body"),
        Stage("handling", _("处理中"), _("正在办"), _BODY, by="body"),
        Stage("return_asked", _("退单待审"), _("正在办"), _COMMAND, by_level=True),
        Stage("transfer_asked", _("转办待接"), _("正在办"), _BODY, by="body"),
        Stage("fed_back", _("待核查"), _("正在办"), frozenset({P.VERIFIER})),
        Stage("verified", _("待结案"), _("正在办"), frozenset({P.VERIFIER, P.OPERATOR})),
        Stage("merged", _("已并案"), _("正在办")),
        Stage("closed", _("待回访"), _("已办好，请评价"), _SUPERVISION),
        Stage("ended", _("已归档"), _("已完成")),
        Stage("declined", pgettext_lazy("stage", "不予立案"), _("没有立案")),
    ),
    moves=by_verb(
        # --- filing
        Move("accept", _("立案"), _from("reported"), "accepted", f"{SEVEN_STEPS}：案卷建立"),
        Move("decline", _("不予立案"), _from("reported"), "declined", f"{SEVEN_STEPS}：案卷建立", ("reason",)),
        Move(
            "answer",
            _("答复"),
            _from("reported"),
            "closed",
            f"{HOTLINE}：咨询类诉求直接答复",
            ("result",),
            optional=True,
        ),
        Move(
            "mend",
            _("自行处置"),
            _from("reported"),
            "fed_back",
            f"{FULL_RESPONSE}：网格员自行处置",
            ("result", "photos"),
            optional=True,
        ),
        # --- who does it
        Move(
            "dispatch",
            _("派遣"),
            _from("accepted"),
            "dispatched",
            f"{SEVEN_STEPS}：任务派遣；{HOTLINE}：首接负责、双派",
            ("body",),
        ),
        Move(
            "seek_finding", _("提请认定"), _from("accepted"), "finding", f"{HOTLINE}：职责不清的现场认定", ("reason",)
        ),
        Move("find", _("认定"), _from("finding"), "dispatched", f"{HOTLINE}：职责不清的现场认定", ("body", "reason")),
        Move(
            "offer",
            _("邀请认领"),
            _from("accepted"),
            "offered",
            f"{FULL_RESPONSE}：政府、企业、社会组织、居民共同响应",
            ("body",),
        ),
        Move("claim", _("认领"), _from("offered"), "handling", f"{FULL_RESPONSE}：社会力量认领"),
        Move(
            "withdraw_offer", _("收回邀请"), _from("offered"), "accepted", f"{FULL_RESPONSE}：社会力量认领", ("reason",)
        ),
        Move(
            "lapse",
            _("无人认领，转责任单位"),
            _from("offered"),
            "dispatched",
            f"{FULL_RESPONSE}：无人认领由责任单位承担",
            locked=True,
        ),
        Move(
            "fall_back",
            _("责任单位已撤销，重新派遣"),
            _from("dispatched"),
            "accepted",
            f"{FULL_RESPONSE}：无人认领由责任单位承担",
            locked=True,
        ),
        Move("give_up", _("放弃认领"), _from("handling"), "dispatched", f"{FULL_RESPONSE}：社会力量认领", ("reason",)),
        # --- the body at work
        Move("sign", _("签收"), _from("dispatched"), "handling", f"{SEVEN_STEPS}：任务处理；2 小时内签收（青龙）"),
        Move("ask_return", _("申请退单"), _AT_WORK, "return_asked", f"{HOTLINE}：派单与退单", ("reason",)),
        Move("grant_return", _("同意退单"), _from("return_asked"), "accepted", f"{HOTLINE}：派单与退单"),
        Move(
            "refuse_return", _("不同意退单"), _from("return_asked"), "dispatched", f"{HOTLINE}：派单与退单", ("reason",)
        ),
        Move("ask_transfer", _("申请转办"), _AT_WORK, "transfer_asked", f"{HOTLINE}：派单与退单", ("body", "reason")),
        Move("take_transfer", _("接收转办"), _from("transfer_asked"), "handling", f"{HOTLINE}：派单与退单"),
        Move(
            "recall_transfer",
            _("收回转办"),
            _from("transfer_asked"),
            "accepted",
            f"{HOTLINE}：派单与退单",
            ("reason",),
        ),
        Move(
            "refuse_transfer",
            _("不接收转办"),
            _from("transfer_asked"),
            "dispatched",
            f"{HOTLINE}：派单与退单",
            ("reason",),
        ),
        Move("assist_sign", _("协办签收"), _AT_WORK, None, f"{HOTLINE}：双派"),
        Move("assist_report", _("协办反馈"), _AT_WORK, None, f"{HOTLINE}：双派", ("result",)),
        Move("release_assist", _("解除协办"), _AT_WORK, None, f"{HOTLINE}：双派", ("joint", "reason")),
        Move("contacted", _("已联系诉求人"), _from("handling"), None, f"{HOTLINE}：办理中联系诉求人", ("text",)),
        Move("feed_back", _("反馈"), _from("handling"), "fed_back", f"{SEVEN_STEPS}：处理反馈", ("result",)),
        # --- time
        Move("ask_time", _("申请暂停、延期或缓办"), _AT_WORK, None, f"{HOTLINE}：延期办理", ("reason", "time")),
        Move("grant_time", _("同意"), _AT_WORK, None, f"{HOTLINE}：延期办理"),
        Move("refuse_time", _("不同意"), _AT_WORK, None, f"{HOTLINE}：延期办理", ("reason",)),
        Move("resume", _("恢复计时"), _AT_WORK, None, f"{HOTLINE}：延期办理"),
        Move("remind", _("催办"), _OPEN | {"closed"}, None, SUPERVISING),
        Move("supervise", _("督办"), _OPEN | {"closed"}, None, SUPERVISING),
        Move("escalate", _("提级"), _OPEN, None, f"{SUPERVISING}；超过 3 次返工或 3 家单位退回即提级督办（巴彦淖尔）"),
        # --- several reports, several tasks
        Move("merge", _("并案"), _from("reported", "accepted"), "merged", f"{HOTLINE}：重复诉求合并办理", ("parent",)),
        Move("unmerge", _("解除并案"), _from("merged"), "accepted", f"{HOTLINE}：重复诉求合并办理", ("reason",)),
        Move("close_with", _("随主案结案"), _from("merged"), "closed", f"{HOTLINE}：重复诉求合并办理", locked=True),
        Move(
            "split",
            _("拆分"),
            _from("accepted", "dispatched", "handling"),
            None,
            f"{HOTLINE}：一事多单位分别办理",
            ("parts",),
        ),
        # --- checking
        Move("pass", _("核查通过"), _from("fed_back"), "verified", f"{SEVEN_STEPS}：核查结案", locked=True),
        Move("rework", _("返工"), _from("fed_back"), "handling", f"{SEVEN_STEPS}：核查结案", ("reason",), True),
        Move(
            "spare",
            _("抽查未抽中，直接结案"),
            _from("fed_back"),
            "closed",
            f"{FULL_RESPONSE}：自行处置按比例抽查",
            optional=True,
            spares="pass",
        ),
        Move("close", _("结案"), _from("verified"), "closed", f"{SEVEN_STEPS}：核查结案", locked=True),
        # --- afterwards
        Move("call", _("拨打回访电话"), _from("closed"), None, f"{HOTLINE}：回访", ("call",)),
        Move(
            "call_back", _("回访"), _from("closed"), "ended", f"{SEVEN_STEPS}：综合评价；{HOTLINE}：回访", ("outcome",)
        ),
        Move("rate", _("居民评价"), _from("closed"), "ended", f"{HOTLINE}：回访", ("outcome",)),
        Move(
            "archive",
            _("抽查未抽中回访，归档"),
            _from("closed"),
            "ended",
            f"{HOTLINE}：回访比例不低于 10%（青龙）",
            optional=True,
            spares="call_back",
        ),
        Move("reopen", _("重开"), _from("closed"), "accepted", f"{HOTLINE}：回访未解决的重新办理", ("reason",), True),
        Move(
            "retract",
            _("撤销回访结果"),
            _from("ended"),
            "closed",
            f"{HOTLINE}：回访；记错的由记的人或值班长改正，多久以内见 call_back.json",
            ("reason",),
        ),
        Move("thank", _("致谢"), _from("closed", "ended"), None, f"{FULL_RESPONSE}：社会力量认领", ("text",)),
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
        "time": _("申请的时间"),
        "parent": _("主案编号"),
        "joint": _("协办单位"),
        "parts": _("拆分的各部分"),
        "call": _("通话结果"),
    },
)
"""Cases may end only after a verification: the one way into `verified` is `pass`, which no variant can remove.

The other ways into `closed` say what stands in for it: an answer (a question needs none), a sample that the type states
(`spare`), or the verification of the case it was merged into (`close_with`).
"""

# What the one text of a form means for a verb, by the needs of its arrow; a note where nothing is said.
TEXT_NEED = {
    verb: next(n for n in move.needs if n in ("reason", "result", "text"))
    for verb, move in CASE.moves.items()
    if {"reason", "result", "text"} & set(move.needs)
}

STEERING = Flow(
    kind="steering",
    start="in_force",
    ends=frozenset(),
    stages=by_token(Stage("in_force", _("施行中"), _("施行中"))),
    moves=by_verb(
        Move("revise", _("发布新版并重设提醒"), _from("in_force"), None, "docs/methods/response-clocks.md", locked=True)
    ),
)
"""The ladder as a matter of its own: each version that was put in force leaves one line."""

SYSTEM_VERBS = frozenset({"lapse", "fall_back", "spare", "archive", "close_with"})
"""Only the clock and the dice press these."""

# Residents read four words; staff read the field's own.
PLAIN_STEPS = (_("已收到"), _("正在办"), _("已办好，请评价"), _("已完成"))
EXTRA_LABELS = {
    "report": _("上报"),
    "joined": _("有人反映同一件事"),
    "redue": _("重算时限"),
    "alarm": _("时限提醒"),
    "erase": _("删除个人信息"),
}


def plain_step(stage: str) -> int:
    """Which of the plain steps a stage stands at (0-based); -1 when declined."""
    order = {
        "reported": 0, "accepted": 0, "finding": 0, "offered": 1, "dispatched": 1, "handling": 1, "return_asked": 1,
        "transfer_asked": 1, "fed_back": 1, "verified": 1, "merged": 1, "closed": 2, "ended": 3,
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
