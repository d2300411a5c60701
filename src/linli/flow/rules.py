"""Flow tables as plain values, and the questions that can be asked of them. Pure: no ORM, no clock.

A Flow is the largest graph that code allows. A Variant comes from data (a published TypeVersion) and
may only take arrows away, choose among the optional ones, add needs and set limits: it can never invent a way around
a verification. An optional arrow that stands in for a locked one is open only to a type that states its sample.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Invalid

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Stage:
    """A resting place. `kinds` are the posts that answer there, found `by` area or by body.

    `label` is the field's word, `plain` the word a resident reads. `by_level`: what `Flow.raised` finds waits here for
    posts of the whole district alone.
    """

    token: str
    label: Text
    plain: Text
    kinds: frozenset[str] = frozenset()
    by: str = "area"
    by_level: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One arrow. `target` None means the matter stays where it is (a note). `cite` is its source.

    `locked` arrows may not be taken away by a variant. `optional` arrows are there only for types that choose them.
    `spares` names the locked verb that this arrow does without: the type must then state which share is still sampled.
    """

    verb: str
    label: Text
    source: frozenset[str]
    target: str | None
    cite: str
    needs: tuple[str, ...] = ()
    locked: bool = False
    optional: bool = False
    spares: str = ""


def by_token(*stages: Stage) -> dict[str, Stage]:
    """Stages as a Flow holds them, in their order."""
    return {s.token: s for s in stages}


def by_verb(*moves: Move) -> dict[str, Move]:
    """Arrows as a Flow holds them, in their order."""
    return {m.verb: m for m in moves}


@dataclass(frozen=True, slots=True)
class Flow:
    """The largest graph of one kind of matter: where it starts, rests, moves and ends."""

    kind: str
    start: str
    ends: frozenset[str]
    stages: Mapping[str, Stage]
    moves: Mapping[str, Move]
    need_labels: Mapping[str, Text] = field(default_factory=dict)
    asks: frozenset[str] = frozenset()  # posts that may be asked something beside a stage: `Matter.post_kind`
    raised: tuple[str, str] | None = None  # (lookup from the matter, value) of what was raised to the district

    def __hash__(self) -> int:
        return hash((self.kind, self.start, tuple(self.stages), tuple((m.verb, m.needs) for m in self.moves.values())))

    def verbs_from(self, stage: str) -> tuple[Move, ...]:
        """The arrows that leave `stage`, in table order."""
        return tuple(m for m in self.moves.values() if stage in m.source)


@dataclass(frozen=True, slots=True)
class Variant:
    """What a published type takes away or adds. All fields are hashable so that `narrow` can be cached."""

    without: frozenset[str] = frozenset()
    also_needs: tuple[tuple[str, str], ...] = ()  # (verb, need)
    limits: tuple[tuple[str, int, str], ...] = ()  # (stage, amount, unit)
    chosen: frozenset[str] = frozenset()  # optional arrows that this type has
    samples: tuple[tuple[str, int], ...] = ()  # (locked verb, per cent of matters that still go through it)

    def sample(self, verb: str) -> int:
        """The share of matters, in per cent, that go through `verb`; 100 where nothing is said."""
        return dict(self.samples).get(verb, 100)

    def limit(self, stage: str) -> tuple[int, str] | None:
        """The type's own limit for a stage, (amount, unit)."""
        return next(((amount, unit) for s, amount, unit in self.limits if s == stage), None)


PLAIN = Variant()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a variant may not be published."""

    code: str
    message: Text
    where: str


def variant_from(data: Mapping[str, Any] | None) -> Variant:
    """The Variant that the JSON of a TypeVersion describes. Unknown keys are refused."""
    if not data:
        return PLAIN
    if unknown := set(data) - {"without", "also_needs", "limits", "chosen", "samples"}:
        raise Invalid("variant_unknown_key", _("流程变体里有不认识的项：%s") % "、".join(sorted(unknown)))
    return Variant(
        without=frozenset(data.get("without", ())),
        also_needs=tuple(sorted((str(v), str(n)) for v, ns in dict(data.get("also_needs", {})).items() for n in ns)),
        limits=tuple(sorted((str(s), int(a), str(u)) for s, (a, u) in dict(data.get("limits", {})).items())),
        chosen=frozenset(data.get("chosen", ())),
        samples=tuple(sorted((str(v), int(share)) for v, share in dict(data.get("samples", {})).items())),
    )


def variant_data(variant: Variant) -> dict[str, Any]:
    """The JSON that `variant_from` reads back as the same Variant; empty parts are left out."""
    needs: dict[str, list[str]] = {}
    for verb, need in variant.also_needs:
        needs.setdefault(verb, []).append(need)
    data: dict[str, Any] = {
        "without": sorted(variant.without),
        "also_needs": needs,
        "limits": {stage: [amount, unit] for stage, amount, unit in variant.limits},
        "chosen": sorted(variant.chosen),
        "samples": dict(variant.samples),
    }
    return {name: value for name, value in data.items() if value}


@lru_cache(maxsize=1024)
def narrow(flow: Flow, variant: Variant) -> Flow:
    """`flow` with the variant's arrows removed and needs added. Locked arrows stay, optional ones only if chosen."""
    moves = {}
    for verb, move in flow.moves.items():
        if verb in variant.without and not move.locked:
            continue
        if move.optional and verb not in variant.chosen:
            continue
        extra = tuple(n for v, n in variant.also_needs if v == verb and n not in move.needs)
        moves[verb] = replace(move, needs=move.needs + extra) if extra else move
    return replace(flow, moves=moves)


def reachable(flow: Flow) -> frozenset[str]:
    """Every stage that can be reached from the start."""
    seen, todo = {flow.start}, [flow.start]
    while todo:
        stage = todo.pop()
        for move in flow.verbs_from(stage):
            if move.target and move.target not in seen:
                seen.add(move.target)
                todo.append(move.target)
    return frozenset(seen)


def check_variant(flow: Flow, variant: Variant) -> list[Problem]:
    """What speaks against publishing: unknown words, locked arrows, stages that lead nowhere."""
    problems = []
    for verb in sorted(variant.without | {v for v, _n in variant.also_needs}):
        if verb not in flow.moves:
            problems.append(Problem("unknown_verb", _("没有这个动作"), verb))
        elif verb in variant.without and flow.moves[verb].locked:
            problems.append(Problem("locked_verb", _("这个动作不能去掉"), verb))
    for verb in sorted(variant.chosen):
        move = flow.moves.get(verb)
        if move is None or not move.optional:
            problems.append(Problem("not_optional", _("这个动作不是可选的"), verb))
        elif move.spares and not 1 <= variant.sample(move.spares) <= 99:
            problems.append(Problem("sample_missing", _("选了它就要写明抽查的比例（1 到 99）"), verb))
        elif verb in variant.without:
            problems.append(Problem("chosen_and_removed", _("同一个动作又选又去"), verb))
    for verb, share in variant.samples:
        if not 1 <= share <= 100:
            problems.append(Problem("bad_sample", _("抽查的比例须在 1 到 100 之间"), verb))
        if not any(m.spares == verb and m.verb in variant.chosen for m in flow.moves.values()):
            problems.append(Problem("sample_unused", _("没有选免查的动作，不用写抽查的比例"), verb))
    for _verb, need in variant.also_needs:
        if need not in flow.need_labels:
            problems.append(Problem("unknown_need", _("没有这个必填项"), need))
    for stage, amount, _unit in variant.limits:
        if stage not in flow.stages:
            problems.append(Problem("unknown_stage", _("没有这个环节"), stage))
        if amount <= 0:
            problems.append(Problem("bad_limit", _("时限必须大于零"), stage))
    if problems:
        return problems
    small = narrow(flow, variant)
    leads_to_end = set(flow.ends)
    grew = True
    while grew:
        grew = False
        for move in small.moves.values():
            if move.target in leads_to_end and not move.source <= leads_to_end:
                leads_to_end |= move.source
                grew = True
    for stage in sorted(reachable(small) - leads_to_end):
        problems.append(Problem("dead_end", _("从这个环节到不了任何终点"), stage))
    return problems


def check_move(flow: Flow, stage: str, verb: str, facts: Mapping[str, Any] | Collection[str]) -> Move:
    """The arrow for `verb` from `stage`. Raises Conflict (not possible now) or Invalid (a need is missing)."""
    move = flow.moves.get(verb)
    if move is None:
        raise Invalid("unknown_verb", _("这类事项没有这个动作。"), verb=verb)
    if stage not in move.source:
        here = flow.stages[stage].label if stage in flow.stages else stage
        raise Conflict(
            "not_possible_now",
            _("现在是“%(stage)s”，不能“%(verb)s”。") % {"stage": here, "verb": move.label},
            stage=stage,
            verb=verb,
        )
    missing = [n for n in move.needs if not _given(facts, n)]
    if missing:
        raise Invalid(
            "need_missing",
            _("还缺必填内容。"),
            fields={n: [_("请填写%s。") % flow.need_labels.get(n, n)] for n in missing},
        )
    return move


def _given(facts: Mapping[str, Any] | Collection[str], need: str) -> bool:
    value = facts.get(need) if isinstance(facts, Mapping) else need in facts
    return bool(value.strip()) if isinstance(value, str) else value not in (None, False, [], ())
