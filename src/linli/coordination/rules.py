"""The flows of summons, topics and consultations as tables. Each arrow cites its source. Pure."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linli.accounts.choices import PostKind as P
from linli.flow.rules import Flow, Move, Stage, by_token, by_verb

WHISTLE = "北京市“街乡吹哨、部门报到”实施方案（2018）"
CONSULTING = "西城区区街民生问题共商机制"
AT_SOURCE = "北京市接诉即办工作条例（2021）：主动治理、源头治理"


def _from(*stages: str) -> frozenset[str]:
    return frozenset(stages)


_CHIEF = frozenset({P.SUBDISTRICT_CHIEF})
_DISTRICT = frozenset({P.DISTRICT_CHIEF})
_OPEN_CALL = _from("called", "judging")

SUMMONS = Flow(
    kind="summons",
    start="called",
    ends=_from("settled", "withdrawn"),
    stages=by_token(
        Stage("called", _("待响应"), _("待响应")),  # the bodies that owe an answer find it by their rows
        Stage("judging", _("待评定"), _("待评定"), _CHIEF),
        Stage("failed", _("待共商"), _("待共商"), _DISTRICT),
        Stage("tabled", _("已列入议程"), _("已列入议程")),  # the consultation itself waits in the inbox
        Stage("following", _("落实中"), _("落实中")),
        Stage("settled", _("已办结"), _("已办结")),
        Stage("withdrawn", _("已撤回"), _("已撤回")),
    ),
    moves=by_verb(
        Move("sign", _("签收"), _from("called"), None, f"{WHISTLE}：部门报到"),
        Move("arrive", _("到场"), _from("called"), None, f"{WHISTLE}：部门报到"),
        Move("answer", _("答复"), _OPEN_CALL, None, f"{WHISTLE}：部门报到", ("result",)),
        Move("release", _("解除响应"), _from("called"), None, f"{WHISTLE}：部门报到", ("body", "reason")),
        Move("all_answered", _("各单位都已响应"), _from("called"), "judging", f"{WHISTLE}：部门报到", locked=True),
        Move("lapse", _("响应时限已到"), _from("called"), "judging", f"{WHISTLE}：部门报到", locked=True),
        Move("settle", _("评定为已解决"), _from("judging"), "settled", f"{WHISTLE}：街道评价"),
        Move("fail", _("提请区街共商"), _from("judging"), "failed", f"{CONSULTING}：议题来自未解决的吹哨", ("reason",)),
        Move("table", _("列入议程"), _from("failed"), "tabled", f"{CONSULTING}：议程"),
        Move("untable", _("移出议程"), _from("tabled"), "failed", f"{CONSULTING}：议程", ("reason",)),
        Move("turn_down", _("不予议定"), _from("tabled"), "judging", f"{CONSULTING}：议定事项", ("reason",)),
        Move("decide", _("议定"), _from("tabled"), "following", f"{CONSULTING}：议定事项", ("result",)),
        Move("complete", _("落实完毕"), _from("following"), "settled", f"{CONSULTING}：议定事项", ("result",)),
        Move(
            "withdraw",
            _("撤回"),
            _from("called", "judging", "failed"),
            "withdrawn",
            f"{WHISTLE}：街道吹哨",
            ("reason",),
        ),
        Move(
            "note", _("备注"), _from("called", "judging", "failed", "tabled", "following"), None, "案卷备注", ("text",)
        ),
    ),
    need_labels={"result": _("答复"), "reason": _("原因"), "body": _("单位"), "text": _("备注内容")},
)
"""A chief's whistle: named bodies answer on site or in writing by a time; what fails goes to the consultation."""

TOPIC = Flow(
    kind="topic",
    start="found",
    ends=_from("cured", "dismissed"),
    stages=by_token(
        Stage("found", _("待立题"), _("待立题"), _CHIEF | _DISTRICT),
        Stage("working", _("治理中"), _("治理中"), frozenset({P.HANDLER}), by="body"),
        Stage("checking", _("待评估"), _("待评估"), _CHIEF | _DISTRICT),
        Stage("cured", _("已见效"), _("已见效")),
        Stage("dismissed", pgettext_lazy("stage", "不立题"), _("不立题")),
    ),
    moves=by_verb(
        Move("adopt", _("立题"), _from("found"), "working", f"{AT_SOURCE}：专题", ("body",)),
        Move("dismiss", _("不立题"), _from("found"), "dismissed", f"{AT_SOURCE}：专题", ("reason",)),
        Move("plan_measure", _("增加措施"), _from("working"), None, f"{AT_SOURCE}：措施", ("text",)),
        Move("do_measure", _("措施完成"), _from("working"), None, f"{AT_SOURCE}：措施"),
        Move("drop_measure", _("措施不再做"), _from("working"), None, f"{AT_SOURCE}：措施", ("reason",)),
        Move("change_owner", _("更换牵头单位"), _from("working"), None, f"{AT_SOURCE}：专题", ("body", "reason")),
        Move("hand_in", _("提请评估"), _from("working"), "checking", f"{AT_SOURCE}：评估", ("result",)),
        Move("send_back", _("继续治理"), _from("checking"), "working", f"{AT_SOURCE}：评估", ("reason",)),
        Move("cure", _("评估为已见效"), _from("checking"), "cured", f"{AT_SOURCE}：评估"),
        Move("grow", _("又有新案件"), _from("found", "working", "checking"), None, f"{AT_SOURCE}：专题", locked=True),
        Move("note", _("备注"), _from("found", "working", "checking"), None, "案卷备注", ("text",)),
    ),
    need_labels={
        "body": _("牵头单位"), "reason": _("原因"), "text": _("内容"), "result": _("做了什么、成效如何"),
    },
)  # fmt: skip
"""The same class at the same place again and again, found by rule, with an owner and measures (源头治理)."""

CONSULTATION = Flow(
    kind="consultation",
    start="planned",
    ends=_from("closed", "cancelled"),
    stages=by_token(
        Stage("planned", _("待召开"), _("待召开"), _DISTRICT),
        Stage("held", _("落实中"), _("落实中"), _DISTRICT),
        Stage("closed", _("已办结"), _("已办结")),
        Stage("cancelled", _("已取消"), _("已取消")),
    ),
    moves=by_verb(
        Move("list_item", _("列入议程"), _from("planned"), None, f"{CONSULTING}：议程"),
        Move("drop_item", _("移出议程"), _from("planned"), None, f"{CONSULTING}：议程"),
        Move("reschedule", _("改期"), _from("planned"), None, f"{CONSULTING}：议程"),
        Move("reorder", _("调整顺序"), _from("planned"), None, f"{CONSULTING}：议程"),
        Move("hold", _("召开"), _from("planned"), "held", f"{CONSULTING}：议定事项"),
        Move("decide_item", _("议定"), _from("held"), None, f"{CONSULTING}：议定事项", ("result",)),
        Move("defer_item", _("下次再议"), _from("held"), None, f"{CONSULTING}：议定事项", ("reason",)),
        Move("reject_item", _("不予议定"), _from("held"), None, f"{CONSULTING}：议定事项", ("reason",)),
        Move("do_item", _("落实"), _from("held"), None, f"{CONSULTING}：议定事项", ("result",)),
        Move("close", _("办结"), _from("held"), "closed", f"{CONSULTING}：议定事项", locked=True),
        Move("cancel", _("取消"), _from("planned"), "cancelled", f"{CONSULTING}：议程", ("reason",)),
        Move("note", _("备注"), _from("planned", "held"), None, "案卷备注", ("text",)),
    ),
    need_labels={"reason": _("原因"), "text": _("备注内容"), "result": _("议定内容")},
)
"""A meeting of the district with its subdistricts; its agenda comes from summons that failed."""
