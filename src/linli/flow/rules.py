"""Flow tables as plain values, and the questions that can be asked of them. Pure: no ORM, no clock.

A Flow is the largest graph that code allows. A Variant comes from data (a published TypeVersion) and
may only take arrows away, add needs and set limits: it can never invent a way around a verification.
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

    `label` is the field's word, `plain` the word a resident reads.
    """

    token: str
    label: Text
    plain: Text
    kinds: frozenset[str] = frozenset()
    by: str = "area"


@dataclass(frozen=True, slots=True)
class Move:
    """One arrow. `target` None means the matter stays where it is (a note). `cite` is its source.

    `locked` arrows may not be taken away by a variant.
    """

    verb: str
    label: Text
    source: frozenset[str]
    target: str | None
    cite: str
    needs: tuple[str, ...] = ()
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """The largest graph of one kind of matter: where it starts, rests, moves and ends."""

    kind: str
    start: str
    ends: frozenset[str]
    stages: Mapping[str, Stage]
    moves: Mapping[str, Move]
    need_labels: Mapping[str, Text] = field(default_factory=dict)

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
    if unknown := set(data) - {"without", "also_needs", "limits"}:
        raise Invalid("variant_unknown_key", _("流程变体里有不认识的项：%s") % "、".join(sorted(unknown)))
    return Variant(
        without=frozenset(data.get("without", ())),
        also_needs=tuple(sorted((str(v), str(n)) for v, ns in dict(data.get("also_needs", {})).items() for n in ns)),
        limits=tuple(sorted((str(s), int(a), str(u)) for s, (a, u) in dict(data.get("limits", {})).items())),
    )


@lru_cache(maxsize=1024)
def narrow(flow: Flow, variant: Variant) -> Flow:
    """`flow` with the variant's arrows removed and needs added. Locked arrows stay."""
    if variant == PLAIN:
        return flow
    moves = {}
    for verb, move in flow.moves.items():
        if verb in variant.without and not move.locked:
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
