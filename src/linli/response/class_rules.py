"""What a matter type, a stage limit and a rung of the ladder may say. Pure: rows of text in, problems by field out.

A variant goes through `flow.rules.check_variant`; what is added here is what only cases know: parts of the chain that go
together, verbs that the clock presses, the limit for speaking to the reporter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.errors import Invalid
from linli.flow.rules import Variant, check_variant, narrow, reachable, variant_from
from linli.worktime.rules import Limit, Unit

from .choices import LadderAct, LadderTrigger, Level, Object, Theme, Tree, Urgency
from .rules import CASE, SYSTEM_VERBS, TEXT_NEED

CONTACT = "contact"  # not a stage: while in hand, the reporter must be spoken to within it
PERCENT = "percent"
PROVENANCES = ("sourced", "provisional")
SHORT = {"code": 8, "name": 40, "name_en": 80, "top_code": 4, "top_name": 40, "top_name_en": 80, "words": 120, "source": 200, "limit_source": 200}  # fmt: skip
LONG_TEXT = 1000
NEEDED = ("code", "name", "name_en", "top_code", "top_name", "top_name_en", "source", "limit_source")

# A part of the chain, by the arrow that leads into it, and the arrows that are of no use or needed with it.
PARTS: dict[str, tuple[str, ...]] = {
    "decline": (),
    "seek_finding": ("find",),
    "offer": ("claim", "withdraw_offer", "give_up"),
    "ask_return": ("grant_return", "refuse_return"),
    "ask_transfer": ("take_transfer", "refuse_transfer", "recall_transfer"),
    "assist_sign": ("assist_report", "release_assist"),
    "contacted": (),
    "ask_time": ("grant_time", "refuse_time", "resume"),
    "merge": ("unmerge",),
    "split": (),
    "call": (),
    "rate": (),
    "retract": (),
    "thank": (),
}
PRESSED = frozenset({"remind", "supervise", "escalate"})  # the ladder presses these in every type
BY_ITSELF = PRESSED | SYSTEM_VERBS | {"resume"}  # the clock has nothing to fill in
LIMITED = (
    "reported", "accepted", "finding", "dispatched", CONTACT, "return_asked", "transfer_asked", "fed_back", "verified",
    "closed",
)  # fmt: skip
"""What may have a limit of its own. While offered the invitation says until when; while handling the class does."""

BEFORE_UNITS = (PERCENT, Unit.URGENT_HOUR, Unit.NATURAL_DAY)  # before a due time nobody counts working days backwards
COUNTS = (LadderTrigger.RETURNS, LadderTrigger.REWORKS, LadderTrigger.REOPENS, LadderTrigger.TRANSFERS)
WITH_PHOTOS = frozenset({"mend", "feed_back", "assist_report", "pass", "rework", "find", "note"})
OWN_NEEDS: dict[str, frozenset[str]] = {
    "dispatch": frozenset({"body"}),
    "find": frozenset({"body"}),
    "offer": frozenset({"body"}),
    "ask_transfer": frozenset({"body"}),
    "release_assist": frozenset({"joint"}),
    "ask_time": frozenset({"time"}),
    "split": frozenset({"parts"}),
    "merge": frozenset({"parent"}),
    "call": frozenset({"call"}),
    "call_back": frozenset({"outcome", "satisfaction"}),
    "rate": frozenset({"outcome", "satisfaction"}),
}
"""What the form of a verb asks beside its one text and photographs, as needs: a need outside could never be met."""

CONTACT_LABEL = gettext_lazy("联系诉求人")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of one row."""

    field: str
    message: str
    code: str = "bad_value"


def givable(verb: str) -> frozenset[str]:
    """The needs that the form of a verb can meet."""
    photos = {"photos"} if verb in WITH_PHOTOS else set()
    return OWN_NEEDS.get(verb, frozenset()) | {TEXT_NEED.get(verb, "text")} | photos


def limit_label(stage: str) -> Any:
    """The word for what a limit is given to."""
    return CONTACT_LABEL if stage == CONTACT else CASE.stages[stage].label


def with_parts(verbs: Iterable[str]) -> frozenset[str]:
    """Removed arrows with everything that goes with them."""
    whole = set(verbs)
    for verb in tuple(whole):
        whole.update(PARTS.get(verb, ()))
    return frozenset(whole)


def variant_words(variant: Variant) -> dict[str, str]:
    """A variant as the columns of a table: `variant_of` reads them back."""
    return {
        "without": " ".join(sorted(variant.without)),
        "chosen": " ".join(sorted(variant.chosen)),
        "needs": " ".join(f"{verb}:{need}" for verb, need in variant.also_needs),
        "limits": " ".join(f"{stage}:{amount}:{unit}" for stage, amount, unit in variant.limits),
        "samples": " ".join(f"{verb}:{share}" for verb, share in variant.samples),
    }


def variant_of(row: Mapping[str, str]) -> Variant:
    """The variant that the columns without, chosen, needs, limits and samples describe. Raises Invalid by column."""
    variant, faults = _read(row)
    if faults:
        fields: dict[str, list[str]] = {}
        for fault in faults:
            fields.setdefault(fault.field, []).append(fault.message)
        raise Invalid("bad_variant", faults[0].message, fields=fields)
    return variant


def _read(row: Mapping[str, str]) -> tuple[Variant, list[Fault]]:
    """The variant of what can be read, and what cannot."""
    faults: list[Fault] = []

    def parts(column: str, size: int) -> list[tuple[str, ...]]:
        found = [tuple(word.split(":")) for word in (row.get(column) or "").split()]
        for word in found:
            if len(word) != size:
                faults.append(Fault(column, _("写法不对：%s") % ":".join(word)[:60], "bad_words"))
        return [word for word in found if len(word) == size]

    def number(text: str, column: str, label: str) -> int | None:
        if text.isascii() and text.isdigit() and len(text) <= 6:
            return int(text)
        faults.append(Fault(column, _("%(what)s：不是整数") % {"what": label}, "not_whole"))
        return None

    needs: dict[str, list[str]] = {}
    for verb, need in parts("needs", 2):
        needs.setdefault(verb, []).append(need)
    limits = {s: [n, u] for s, a, u in parts("limits", 3) if (n := number(a, "limits", _label(s))) is not None}
    samples = {v: n for v, a in parts("samples", 2) if (n := number(a, "samples", _label(v))) is not None}
    data = {
        "without": sorted(with_parts((row.get("without") or "").split())),
        "chosen": (row.get("chosen") or "").split(),
        "also_needs": needs,
        "limits": limits,
        "samples": samples,
    }
    return variant_from(data), faults


def variant_faults(variant: Variant) -> list[Fault]:
    """What speaks against this variant of the chain, by the field of the form."""
    known = [limit for limit in variant.limits if limit[0] != CONTACT]
    faults = [
        Fault(_field_of(p.code), f"{_label(p.where)}：{p.message}", p.code)
        for p in check_variant(CASE, replace(variant, limits=tuple(known)))
    ]
    for stage, amount, unit in variant.limits:
        if stage in CASE.stages and stage not in LIMITED:
            faults.append(Fault("limits", _("%s：这个环节没有自己的时限") % _label(stage), "no_limit_here"))
        if unit not in set(Unit):
            faults.append(Fault("limits", _("%s：不认识的时限单位") % _label(stage), "bad_unit"))
        elif not 1 <= amount <= 10_000:
            faults.append(Fault("limits", _("%s：时限须是 1 到 10000 的整数") % _label(stage), "bad_limit"))
    for verb in sorted(PRESSED & variant.without):
        faults.append(Fault("without", _("%s：催办督办表要用它，不能去掉") % _label(verb), "pressed_verb"))
    for verb in sorted({v for v, _n in variant.also_needs} & BY_ITSELF):
        faults.append(Fault("needs", _("%s：系统也会自动按它，不能加必填项") % _label(verb), "pressed_verb"))
    for verb, need in variant.also_needs:
        if verb in CASE.moves and need in CASE.need_labels and need not in givable(verb):
            words = {"verb": _label(verb), "need": CASE.need_labels[need]}
            faults.append(Fault("needs", _("%(verb)s：办的时候没有“%(need)s”这一项可填") % words, "need_not_given"))
    for entry, rest in PARTS.items():
        gone = set(rest) & variant.without
        if gone and entry not in variant.without:
            faults.append(Fault("without", _("%s：要去就连同它后面的动作一起去") % _label(entry), "half_removed"))
    alone = replace(variant, without=variant.without | {"merge"})  # a case that is merged into nothing must close too
    if not faults and "closed" not in reachable(narrow(CASE, alone)):
        faults.append(Fault("without", _("这样的事项永远不能结案"), "never_closed"))
    if "mend" in variant.chosen and "spare" not in variant.chosen and dict(variant.samples).get("pass"):
        faults.append(Fault("samples", _("自行处置没有选抽查，不用写核查的比例"), "sample_unused"))
    return _once(faults)


def _field_of(code: str) -> str:
    return {
        "unknown_verb": "without", "locked_verb": "without", "dead_end": "without", "not_optional": "chosen",
        "chosen_and_removed": "chosen", "sample_missing": "samples", "bad_sample": "samples", "sample_unused": "samples",
        "unknown_need": "needs", "unknown_stage": "limits", "bad_limit": "limits",
    }.get(code, "variant")  # fmt: skip


def _label(token: str) -> str:
    if token in CASE.moves:
        return str(CASE.moves[token].label)
    return str(limit_label(token)) if token in CASE.stages or token == CONTACT else token[:40]


def _once(faults: list[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))


def class_faults(row: Mapping[str, str]) -> list[Fault]:
    """What speaks against one row of the catalogue (columns of data/case_classes.csv)."""
    faults = [Fault(f, _("请填写")) for f in NEEDED if not row.get(f, "").strip()]
    faults += [
        Fault(f, _("不能超过 %(n)s 个字") % {"n": longest})
        for f, longest in SHORT.items()
        if len(row.get(f, "")) > longest
    ]
    faults += [
        Fault(f, _("不能超过 %(n)s 个字") % {"n": LONG_TEXT})
        for f in ("filing", "closing")
        if len(row.get(f, "")) > LONG_TEXT
    ]
    code = row.get("code", "")
    if code and not (code.isascii() and code.isdigit()):
        faults.append(Fault("code", _("编码只用数字")))
    elif code and not code.startswith(row.get("top_code", "")):
        faults.append(Fault("top_code", _("编码须以大类的编码开头")))
    if row.get("object") not in Object.values:
        faults.append(Fault("object", _("对象只能是地点、设施、服务、单位，不能是人"), "bad_object"))
    if row.get("urgency") not in Urgency.values:
        faults.append(Fault("urgency", _("不认识的紧急程度")))
    if row.get("tree", Tree.EVENT) not in Tree.values:
        faults.append(Fault("tree", _("不认识的目录")))
    if row.get("level", Level.SUBDISTRICT) not in Level.values:
        faults.append(Fault("level", _("不认识的层级")))
    if unknown := set(row.get("themes", "").split()) - set(Theme.values):
        faults.append(Fault("themes", _("不认识的“七有五性”编码：%s") % " ".join(sorted(unknown))[:80]))
    for field in ("provenance", "limit_provenance"):
        if row.get(field) not in PROVENANCES:
            faults.append(Fault(field, _("出处只能是有出处或暂定")))
    faults += limit_faults(row.get("handle_amount", ""), row.get("handle_unit", ""), "handle_amount", "handle_unit")
    variant, unread = _read(row)
    faults += unread or []
    if "answer" in variant.chosen and row.get("tree", Tree.EVENT) != Tree.CONSULTATION:
        faults.append(Fault("chosen", _("只有咨询能答复了就办结，别的都要办理和核查"), "not_a_question"))
    said = {fault.field for fault in unread}
    faults += [fault for fault in variant_faults(variant) if fault.field not in said]
    return _once(faults)


def limit_faults(amount: str, unit: str, amount_field: str = "amount", unit_field: str = "unit") -> list[Fault]:
    """What is wrong with a number and a unit."""
    whole = amount.isascii() and amount.isdigit() and 1 <= int(amount[:6]) <= 10_000 and len(amount) < 6
    faults = [] if whole else [Fault(amount_field, _("时限须是 1 到 10000 的整数"))]
    return faults if unit in set(Unit) else [*faults, Fault(unit_field, _("不认识的时限单位"))]


def stage_faults(row: Mapping[str, str]) -> list[Fault]:
    """What speaks against one row of the stage limits."""
    faults = limit_faults(row.get("amount", ""), row.get("unit", ""))
    if row.get("stage") not in LIMITED:
        faults.append(Fault("stage", _("不认识的环节")))
    if row.get("urgency") not in Urgency.values:
        faults.append(Fault("urgency", _("不认识的紧急程度")))
    return faults + _source_faults(row)


def rung_faults(row: Mapping[str, str]) -> list[Fault]:
    """What speaks against one rung of the ladder."""
    faults = []
    trigger, stage, act, unit = (row.get(k, "") for k in ("trigger", "stage", "act", "unit"))
    if trigger not in LadderTrigger.values:
        faults.append(Fault("trigger", _("不认识的起因")))
    if act not in LadderAct.values:
        faults.append(Fault("act", _("不认识的做法")))
    elif act != LadderAct.WARN and stage in CASE.stages and stage not in CASE.moves[act].source:
        faults.append(Fault("stage", _("在这个环节不能“%s”") % LadderAct(act).label))
    if stage and stage not in CASE.stages:
        faults.append(Fault("stage", _("不认识的环节")))
    if row.get("urgency") and row.get("urgency") not in Urgency.values:
        faults.append(Fault("urgency", _("不认识的紧急程度")))
    amount = row.get("amount", "")
    number = int(amount) if amount.isascii() and amount.isdigit() and len(amount) < 6 else 0
    if not 1 <= number <= 10_000:
        faults.append(Fault("amount", _("须是 1 到 10000 的整数")))
    if trigger in COUNTS:
        if unit:
            faults.append(Fault("unit", _("次数没有单位")))
        if act == LadderAct.WARN:
            faults.append(Fault("act", _("次数到了要催办、督办或提级，不能只预警")))
    elif trigger == LadderTrigger.BEFORE_DUE:
        if unit not in BEFORE_UNITS:
            faults.append(Fault("unit", _("到期前只能按百分比、小时或自然日")))
        elif unit == PERCENT and number > 99:
            faults.append(Fault("amount", _("百分比须在 1 到 99 之间")))
    elif trigger == LadderTrigger.AFTER_DUE and unit not in set(Unit):
        faults.append(Fault("unit", _("不认识的时限单位")))
    return faults + _source_faults(row)


def _source_faults(row: Mapping[str, str]) -> list[Fault]:
    faults = [] if row.get("provenance") in PROVENANCES else [Fault("provenance", _("出处只能是有出处或暂定"))]
    if not row.get("source", "").strip():
        faults.append(Fault("source", _("请写出处")))
    elif len(row["source"]) > 200:
        faults.append(Fault("source", _("不能超过 %(n)s 个字") % {"n": 200}))
    return faults


def limit_words(amount: int, unit: str) -> str:
    """A limit in words; a unit that is not known as it is written."""
    from linli.worktime.explain import limit_text

    return limit_text(Limit(amount, Unit(unit))).strip() if unit in set(Unit) else f"{amount} {unit}"


def limit_of(row: Mapping[str, str]) -> Limit:
    """The whole limit of a row that has no faults."""
    return Limit(int(row["handle_amount"]), Unit(row["handle_unit"]))
