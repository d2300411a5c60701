"""Simulated circles, stations, records and designations of the district, by the real actions and marked as simulated."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from django.db import transaction

from linli.circle.actions import catalogue as write_catalogue
from linli.circle.actions import kinds
from linli.circle.actions import records as write
from linli.circle.choices import CatalogueKind, Depth, Manner, Whole
from linli.circle.queries import catalogue as catalogues
from linli.circle.queries import items_of, open_facilities
from linli.circle.queries import records as read
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Missing
from linli.territory import queries as territory

SEED = 20261122
SOURCE = "演示数据，模拟生成"
CIRCLES = 15
SAID = 0.85  # of the communities have their records; the others show what is missing
LEAST_PREMISES = 350
MET, PILOTS = 46, 9  # 规范化建设 of Xicheng, as published: 46 met, 9 pilots
SHOPS = ("便民菜店", "早餐店", "理发店", "修鞋配钥匙", "家电维修", "洗衣店", "药店", "社区超市")
TEAMS = ("邻里守望志愿队", "文明劝导队", "环境美化志愿队", "助老服务队")
YEARS = (2023, 2024, 2025, 2026)


def play(*, actor: Actor = SYSTEM, seed: int = SEED) -> dict[str, int]:
    """Fill the district's records. Returns how many of each were made; nothing where circles are there already."""
    if read.circles(actor=actor):
        return {}
    chance, today = random.Random(seed), clock.today()
    codes = [c.code for s in territory.divisions(9, territory.district().code) for c in territory.divisions(12, s.code)]
    with transaction.atomic():
        kinds.load_kinds(actor=actor)
        return {
            "circles": _circles(actor, chance, codes),
            "stations": _stations(actor, chance, codes),
            "records": _records(actor, chance, codes, today),
            "designations": _designations(actor, chance, codes),
            "complete": _complete(actor, random.Random(seed), codes, today),
        }


def _neighbours(chance: random.Random, codes: Sequence[str], least: int, most: int) -> Iterator[tuple[str, ...]]:
    """Communities of one subdistrict in groups, as they follow each other in the list."""
    for _subdistrict, group in groupby(codes, key=lambda c: c[:9]):
        rest = list(group)
        while rest:
            size = chance.randint(least, most)
            yield tuple(rest[:size])
            rest = rest[size:]


def _circles(actor: Actor, chance: random.Random, codes: Sequence[str]) -> int:
    groups = [g for g in _neighbours(chance, codes, 5, 9) if len(g) >= 3]
    chosen = chance.sample(groups, min(CIRCLES, len(groups)))
    for n, group in enumerate(sorted(chosen), 1):
        level = "municipal" if n % 5 == 0 else "district" if n % 3 == 0 else "ordinary"
        state, year = ("built", chance.choice(YEARS)) if n % 6 else ("building", YEARS[-1])
        name = f"{territory.division_name(group[0][:9])}第{n}服务圈（演示）"
        facts = write.CircleFacts(
            f"sim-{n:02d}", name, group, year, level=level, state=state, source=SOURCE, simulated=True
        )  # fmt: skip
        circle = write.save_circle(actor=actor, facts=facts)
        joined = date(year, 6, 1) if year < YEARS[-1] else date(year, 3, 1)
        for shop in chance.sample(SHOPS, chance.randint(2, 5)):
            write.add_member(
                actor=actor, circle_id=circle, kind="shop", name=f"{shop}（演示）", offers=shop, joined_on=joined
            )
        team = chance.choice(TEAMS)
        write.add_member(actor=actor, circle_id=circle, kind="team", name=f"{team}（演示）", joined_on=joined)
    return len(chosen)


def _stations(actor: Actor, chance: random.Random, codes: Sequence[str]) -> int:
    """Many committees share a station (多居一站); some communities have no entry, and show that nothing is known."""
    made = 0
    for group in _neighbours(chance, codes, 1, 3):
        if chance.random() > SAID:
            continue
        made += 1
        joint = "联合服务站" if len(group) > 1 else "服务站"
        name = f"{territory.division_name(group[0], short=True)}{joint}（演示）"
        opened = date(chance.choice(YEARS[:3]), chance.randint(1, 12), 1)
        write.save_station(
            actor=actor, code=f"sim-{group[0]}", name=name, communities=group, opened_on=opened, source=SOURCE, simulated=True
        )  # fmt: skip
    return made


def _records(actor: Actor, chance: random.Random, codes: Sequence[str], today: date) -> int:
    """三有一化: staff, premises (some below the mark), budget, standardised."""
    made = 0
    for community in codes:
        if chance.random() > SAID:
            continue
        premises = chance.randint(180, LEAST_PREMISES - 1) if chance.random() < 0.18 else chance.randint(350, 900)
        amounts = {
            "staff": chance.randint(5, 14), "premises": premises, "budget": 100 * chance.randrange(80_000, 300_000, 5_000),
            "standardised": int(premises >= LEAST_PREMISES and chance.random() < 0.6),
        }  # fmt: skip
        as_of = today - timedelta(days=chance.randint(20, 400))
        for kind, amount in amounts.items():
            write.add_record(
                actor=actor, community=community, kind=kind, amount=amount, as_of=as_of, evidence=SOURCE, simulated=True
            )
            made += 1
    return made


def _designations(actor: Actor, chance: random.Random, codes: Sequence[str]) -> int:
    """Standardisation over the years, then a few of every other programme."""
    criteria = {p.code: [c["code"] for c in p.criteria] for p, _years in read.programmes(actor=actor)}
    made = 0

    def say(programme: str, community: str, year: int, state: str) -> None:
        nonlocal made
        made += 1
        wanted = criteria[programme]
        met = wanted if state != "pilot" else chance.sample(wanted, max(len(wanted) - 2, 1))
        write.designate(
            actor=actor, programme=programme, community=community, year=year, state=state, evidence=SOURCE, met=met, simulated=True
        )  # fmt: skip

    chosen = chance.sample(list(codes), min(MET + PILOTS, len(codes)))
    for n, community in enumerate(chosen):
        pilot = n >= len(chosen) - PILOTS
        say("standardisation", community, YEARS[-1] if pilot else YEARS[n % len(YEARS)], "pilot" if pilot else "met")
    for programme, states in (
        ("demonstration-circle", ("designated", "pilot")), ("smart", ("pilot", "met")), ("old-compounds", ("met", "pilot")),
        ("community-home", ("designated", "met")),
    ):  # fmt: skip
        for community in chance.sample(list(codes), min(24, len(codes))):
            say(programme, community, chance.choice(YEARS), chance.choice(states))
    return made


def _complete(actor: Actor, chance: random.Random, codes: Sequence[str], today: date) -> int:
    """Some items were looked into in some communities: only there can anything be a no. Half is left as nobody knows it."""
    made = 0
    for kind, items_most in ((CatalogueKind.SERVICES, 14), (CatalogueKind.LIVING, 10)):
        try:
            catalogue = catalogues.catalogue_in_force(kind, today)
        except Missing:
            continue
        rows = [i.code for i in catalogue.items if i.depth == Depth.ITEM and i.manner == Manner.WALK]
        offered = items_of(catalogue, open_facilities(today))
        known = [c for c in rows if len(offered[c])]
        chosen_items = [*chance.sample(known, min(items_most, len(known))), *chance.sample(rows, min(2, len(rows)))]
        for item in dict.fromkeys(chosen_items):
            chosen = chance.sample(list(codes), round(len(codes) * chance.uniform(0.35, 0.9)))
            for state, some in (
                (Whole.COMPLETE, chosen[: len(chosen) * 4 // 5]),
                (Whole.PARTIAL, chosen[len(chosen) * 4 // 5 :]),
            ):
                made += write_catalogue.set_completeness(
                    actor=actor, kind=kind, items=[item], communities=some, state=state,
                    as_of=today - timedelta(days=chance.randint(20, 200)), source=SOURCE, simulated=True,
                )  # fmt: skip
    return made
