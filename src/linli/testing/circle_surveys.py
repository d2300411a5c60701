"""A simulated yearly survey and a satisfaction wave, by the real actions: four fifths handed in, one subdistrict behind."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from linli.circle.actions import answers, surveys, waves
from linli.circle.actions.answers import Said
from linli.circle.queries import catalogue_in_force, leaf_items
from linli.circle.queries import sheets as sheet_reads
from linli.circle.queries import surveys as survey_reads
from linli.circle.queries.catalogue import ItemView
from linli.circle.survey_forms import usual_questions
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.territory import queries as territory

SEED = 20261122
BEHIND = "110102010"  # the subdistrict that has not finished
ASKED = ("110102018001", "110102018009", "110102018010")  # communities of the wave, and how many slips came back
CAME = (46, 38, 12)
SLIPS = 60
PROOF = ("服务公示栏", "社区服务站台账", "服务指南", "协议书", "")


def play(*, actor: Actor = SYSTEM, seed: int = SEED) -> dict[str, int]:
    """Make last year's survey of one subdistrict, this year's of the district, and a wave. Returns what was made.

    Does nothing where a survey of this year is there already.
    """
    district, today = territory.district().code, clock.today()
    if any(s.year == today.year for s in survey_reads.surveys(actor=SYSTEM)):
        return {}
    surveys.load_resource_kinds(actor=SYSTEM)
    chance = random.Random(seed)
    items = leaf_items(catalogue_in_force("services"))
    codes = [c.code for s in territory.divisions(9, district) for c in territory.divisions(12, s.code)]
    # half of the items are everywhere, a third of the communities have everything: near what the district published
    gaps = {i.code: 0.0 if chance.random() < 0.5 else chance.uniform(0.01, 0.12) for i in items}
    complete = {c for c in codes if chance.random() < 0.36}
    level = {i.code: 100.0 if chance.random() < 0.1 else chance.gauss(91.5, 2.5) for i in items}

    def said(community: str, item: ItemView, day: date) -> Said:
        offer = "offered"
        if community not in complete and chance.random() < gaps[item.code]:
            offer = chance.choice(("not_offered", "not_offered", "suspended"))
        percent = None
        if chance.random() < 0.9:
            spread = 0 if level[item.code] == 100 else 4
            percent = max(0, min(100, round(chance.gauss(level[item.code], spread))))
        proof = chance.choice(PROOF)
        return Said(item.code, offer, percent, proof, day if proof else None)

    last = _survey(actor, today.year - 1, today - timedelta(days=380), today - timedelta(days=350))
    before = [c for c in codes if c.startswith("110102018")]
    _fill(actor, last, [(c, said(c, i, today - timedelta(days=360))) for c in before for i in items])
    for community in before:
        _submit(actor, last, community)
    surveys.close_survey(actor=actor, survey_id=last)

    now = _survey(actor, today.year, today - timedelta(days=20), today + timedelta(days=10))
    rows: list[tuple[str, Said]] = []
    done: list[str] = []
    for community in codes:
        unfinished = community.startswith(BEHIND) or community == "110102018001" or chance.random() < 0.1
        part = chance.choice((0.0, 0.3, 0.65, 0.9)) if community.startswith(BEHIND) else 0.65
        kept = items[: int(len(items) * part)] if unfinished else items
        rows += [(community, said(community, i, today - timedelta(days=9))) for i in kept]
        done += [] if unfinished else [community]
    _fill(actor, now, rows)
    kinds = [k.code for k in sheet_reads.resource_kinds()]
    for community in done:
        counted = {k: int(chance.expovariate(0.5)) for k in kinds if chance.random() < 0.95}
        answers.count_resources(actor=actor, survey_id=now, community=community, counts=counted)
        _submit(actor, now, community)
    surveys.remind(actor=actor, survey_id=now)
    return {"answers": len(rows), "submitted": len(done), "voices": _wave(actor, chance)}


def _survey(actor: Actor, year: int, opens_on: date, closes_on: date) -> int:
    made = surveys.create_survey(
        actor=actor, year=year, name="社区服务年度调查", catalogue_id=catalogue_in_force("services").id,
        opens_on=opens_on, closes_on=closes_on, simulated=True,
    )  # fmt: skip
    surveys.open_survey(actor=actor, survey_id=made)
    return made


def _fill(actor: Actor, survey: int, rows: Sequence[tuple[str, Said]]) -> None:
    """By subdistrict: no transaction holds SQLite's write lock for long."""
    parts: dict[str, list[tuple[str, Said]]] = {}
    for community, said in rows:
        parts.setdefault(community[:9], []).append((community, said))
    for part in parts.values():
        answers.answer_many(actor=actor, survey_id=survey, rows=part)


def _submit(actor: Actor, survey: int, community: str) -> None:
    answers.submit(
        actor=actor, survey_id=survey, community=community,
        version=sheet_reads.version(survey_id=survey, community=community),
    )  # fmt: skip


def _wave(actor: Actor, chance: random.Random) -> int:
    """A wave that is over: one community has too few answers to be shown, and so hides another."""
    today = clock.today()
    questions = [waves.Question(*line.split("|")) for line in usual_questions().splitlines()]
    wave = waves.create_wave(
        actor=actor, name="社区服务满意度（一期）", questions=questions, opens_on=today - timedelta(days=14),
        closes_on=today, simulated=True,
    )  # fmt: skip
    made = waves.make_slips(actor=actor, wave_id=wave, communities=dict.fromkeys(ASKED, SLIPS))
    waves.open_wave(actor=actor, wave_id=wave)
    for community, n in zip(ASKED, CAME, strict=True):
        for code in made[community][:n]:
            marks = {f"q{k}": min(5, max(1, round(chance.gauss(4.1, 0.8)))) for k in range(1, len(questions) + 1)}
            waves.give_voice(code=code, answers=marks)
    waves.close_wave(actor=actor, wave_id=wave)
    return sum(CAME)
