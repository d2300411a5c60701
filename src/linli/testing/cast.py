"""The named cast of the demonstration and of the tests, and the simulated staff that the loader acts through.

All of it goes through the real actions. The names are invented; 演示 in each of them says so on every screen.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path

from django.conf import settings

from linli.accounts import actions, queries
from linli.accounts.actions import NewPerson
from linli.accounts.choices import PostKind
from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor
from linli.organisations import actions as organisation_actions
from linli.organisations import queries as organisations
from linli.organisations.choices import BodyKind

DISTRICT = "110102"
SOCIETY = Path(__file__).resolve().parent / "data" / "society.csv"
SINCE = timedelta(days=400)  # simulated matters reach back in time, and so must the posts that moved them


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    name: str
    kind: PostKind
    division: str
    place: str
    body: str = ""

    @property
    def title(self) -> str:
        return f"{self.kind.label} · {self.place}"


K = PostKind
CAST: tuple[Person, ...] = (
    Person("operator", "周敏（演示）", K.OPERATOR, DISTRICT, "西城区"),
    Person("desk", "许文静（演示）", K.DESK, "110102018", "牛街街道"),
    Person("dispatcher", "陈立（演示）", K.DISPATCHER, DISTRICT, "西城区"),
    Person("dispatcher-niujie", "马骏（演示）", K.DISPATCHER, "110102018", "牛街街道"),
    Person("dispatcher-desheng", "赵晓峰（演示）", K.DISPATCHER, "110102010", "德胜街道"),
    Person("dispatcher-shichahai", "孙悦（演示）", K.DISPATCHER, "110102012", "什刹海街道"),
    Person("grid-niujie", "李卫东（演示）", K.GRID_WORKER, "110102018", "牛街网格队", "110102018-grid"),
    Person("grid-desheng", "王新民（演示）", K.GRID_WORKER, "110102010", "德胜网格队", "110102010-grid"),
    Person("grid-shichahai", "刘芳（演示）", K.GRID_WORKER, "110102012", "什刹海网格队", "110102012-grid"),
    Person("handler-landscaping", "林秀英（演示）", K.HANDLER, DISTRICT, "园林绿化局", "110102-landscaping"),
    Person("handler-sanitation", "吴刚（演示）", K.HANDLER, DISTRICT, "环卫中心", "110102-sanitation"),
    Person("handler-enforcement", "韩冰（演示）", K.HANDLER, DISTRICT, "城管执法局", "110102-enforcement"),
    Person("handler-traffic", "高翔（演示）", K.HANDLER, DISTRICT, "交通支队", "110102-traffic-police"),
    Person("handler-works", "谢永年（演示）", K.HANDLER, DISTRICT, "城市管理委", "110102-urban-management"),
    Person("handler-water", "郑海（演示）", K.HANDLER, DISTRICT, "自来水集团", "110102-tap-water"),
    Person("handler-drainage", "曹立新（演示）", K.HANDLER, DISTRICT, "排水集团", "110102-drainage"),
    Person("handler-power", "彭程（演示）", K.HANDLER, DISTRICT, "北京电力", "110102-power"),
    Person("handler-niujie", "丁慧（演示）", K.HANDLER, "110102018", "牛街街道办事处", "110102018"),
    Person("claim-volunteers", "何静（演示）", K.HANDLER, "110102018", "牛街志愿队", "110102018-volunteers"),
    Person("claim-desheng", "江波（演示）", K.HANDLER, "110102010", "德胜志愿队", "110102010-volunteers"),
    Person("claim-care", "苏婉（演示）", K.HANDLER, DISTRICT, "邻伴为老中心", "110102-elder-care"),
    Person("claim-business", "钱程（演示）", K.HANDLER, DISTRICT, "安邻电梯", "110102-lifts"),
    Person("claim-stationed", "叶知秋（演示）", K.HANDLER, "110102018", "驻街某银行", "110102018-bank"),
    Person("verifier", "沈洁（演示）", K.VERIFIER, DISTRICT, "西城区"),
    Person("verifier-second", "邓涛（演示）", K.VERIFIER, DISTRICT, "西城区"),
    Person("chief-niujie", "唐志强（演示）", K.SUBDISTRICT_CHIEF, "110102018", "牛街街道"),
    Person("chief-desheng", "罗建华（演示）", K.SUBDISTRICT_CHIEF, "110102010", "德胜街道"),
    Person("chief", "梁志远（演示）", K.DISTRICT_CHIEF, DISTRICT, "西城区"),
    Person("planner", "程远（演示）", K.PLANNER, DISTRICT, "西城区"),
    Person("analyst", "沈知衡（演示）", K.ANALYST, DISTRICT, "西城区"),
    Person("community-niujie", "金兰（演示）", K.COMMUNITY_WORKER, "110102018001", "牛街东里社区"),
    Person("auditor", "宋慎（演示）", K.AUDITOR, DISTRICT, "西城区"),
    Person("administrator", "方明（演示）", K.ADMINISTRATOR, DISTRICT, "西城区"),
)
OF_EACH_SUBDISTRICT = {
    "dispatcher": K.DISPATCHER,
    "desk": K.DESK,
    "verifier": K.VERIFIER,
    "chief": K.SUBDISTRICT_CHIEF,
}
BY_USERNAME = {p.username: p for p in CAST}


def load_pack_bodies(*, actor: Actor = SYSTEM) -> organisation_actions.LoadReport:
    """Load the pack's bodies.csv. Raises ValueError that names the lines when it does not load."""
    report = organisation_actions.load_bodies(actor=actor, data=(settings.PACK / "bodies.csv").read_bytes())
    if report.problems:
        raise ValueError("; ".join(f"{p.line}: {p.field} {p.value!r} {p.reason}" for p in report.problems))
    return report


def load_society(*, actor: Actor = SYSTEM) -> None:
    """Invented bodies of society for the demonstration: no pack holds them, and real ones are entered by the district."""
    data = SOCIETY.read_bytes()
    codes = [line.split(",")[0] for line in data.decode().splitlines()[1:]]
    if all(organisations.body_by_code(code) for code in codes):
        return
    report = organisation_actions.load_bodies(actor=actor, data=data)
    if report.problems:
        raise ValueError("; ".join(f"{p.line}: {p.field} {p.value!r} {p.reason}" for p in report.problems))


# --- people with a password ------------------------------------------------------------------------------


def create_cast(*, actor: Actor, passwords: bool = True, demonstration: bool = True) -> list[tuple[str, str, str]]:
    """Make sure the named people exist; (username, password, title) of each, for `linli run` to print.

    Passwords are made once per installation and kept beside the other keys. Tests pass `passwords=False`
    (no slow hashing: sign in with `force_login`) and `demonstration=False` (may enter outside demonstration mode).
    """
    load_society(actor=actor)
    secrets = _read_passwords() if passwords else {}
    known = queries.usernames(p.username for p in CAST)
    new = [p for p in CAST if p.username not in known]
    if passwords:
        for person in new:
            secrets.setdefault(person.username, actions.temporary_password())
        for username in known.keys() - secrets.keys():
            secrets[username] = actions.set_demonstration_password(actor=actor, account_id=known[username])
        _write_passwords(secrets)
    people = [
        NewPerson(p.username, p.name, p.kind, p.division, _body_id(p), secrets.get(p.username), demonstration)
        for p in new
    ]
    actions.create_staff(actor=actor, people=people, valid_from=clock.now() - SINCE)
    return [(p.username, secrets.get(p.username, ""), p.title) for p in CAST]


def _body_id(person: Person) -> int | None:
    if not person.body:
        return None
    if (body := organisations.body_by_code(person.body)) is None:
        raise LookupError(f"bodies.csv has no {person.body}")
    return body.id


def cast_passwords() -> list[tuple[str, str, str]]:
    """What `create_cast` printed, to print again; empty when this installation has no demonstration."""
    secrets = _read_passwords()
    return [(p.username, secrets[p.username], p.title) for p in CAST if p.username in secrets]


def _read_passwords() -> dict[str, str]:
    path = settings.KEYS / "demonstration.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _write_passwords(secrets: dict[str, str]) -> None:
    path = settings.KEYS / "demonstration.json"
    fresh = path.with_suffix(".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as f:
        json.dump(secrets, f, indent=1)
    fresh.replace(path)


def actor(username: str) -> Actor:
    """The actor of a named person (for tests and the loader)."""
    found = queries.usernames([username]).get(username)
    return RESIDENT if found is None else queries.actor_for(found)


# --- simulated staff: no passwords, every subdistrict and every body ----------------------------------------


class LoadCast:
    """Who acts in simulated matters: ask for the post you need, get an Actor that holds it."""

    def __init__(self, actors: dict[str, Actor]) -> None:
        self.actors = actors
        self._turns = {kind: cycle(self._named(kind)) for kind in ("operator", "verifier")}

    def _named(self, kind: str) -> list[Actor]:
        return [a for u, a in self.actors.items() if u.startswith(f"sim-{kind}-{DISTRICT}-")]

    def operator(self) -> Actor:
        """The district's operators in turn."""
        return next(self._turns["operator"])

    def verifier(self) -> Actor:
        """The district's verifiers in turn; none of them ever handles."""
        return next(self._turns["verifier"])

    def desk(self, subdistrict: str) -> Actor:
        return self.actors[f"sim-desk-{subdistrict}"]

    def dispatcher(self, division: str = DISTRICT) -> Actor:
        """The dispatcher of a subdistrict, or of the district."""
        return self.actors[f"sim-dispatcher-{division}"]

    def subdistrict_verifier(self, subdistrict: str) -> Actor:
        return self.actors[f"sim-verifier-{subdistrict}"]

    def grid_worker(self, subdistrict: str) -> Actor:
        return self.actors[f"sim-grid-{subdistrict}"]

    def chief(self, division: str = DISTRICT) -> Actor:
        return self.actors[f"sim-chief-{division}"]

    def handler(self, body_id: int) -> Actor:
        """Whoever handles for this body: its grid worker if it is a grid team, else its handler."""
        found = organisations.body(organisations.resolve(body_id))
        if found is None:
            raise LookupError(f"no body {body_id}")
        kind = "grid" if found.kind == BodyKind.GRID_TEAM else "handler"
        return self.actors[f"sim-{kind}-{found.code.removesuffix('-grid')}"]


def cast_for_load(*, actor: Actor) -> LoadCast:
    """Make sure the simulated staff exists for all bodies loaded, and return it (about 400 accounts, a dozen SQL)."""
    actions.create_staff(actor=actor, people=_simulated(), valid_from=clock.now() - SINCE)
    return LoadCast(queries.simulated_actors(actor=actor))


def _one(username: str, name: str, kind: PostKind, division: str, body_id: int | None = None) -> NewPerson:
    return NewPerson(f"sim-{username}", f"模拟{name}", kind, division, body_id, simulated=True)


def _simulated() -> list[NewPerson]:
    people = [
        _one(f"dispatcher-{DISTRICT}", "区派遣员", K.DISPATCHER, DISTRICT),
        _one(f"chief-{DISTRICT}", "区值班长", K.DISTRICT_CHIEF, DISTRICT),
        *(_one(f"operator-{DISTRICT}-{n}", f"受理员{n}", K.OPERATOR, DISTRICT) for n in (1, 2, 3)),
        *(_one(f"verifier-{DISTRICT}-{n}", f"核查员{n}", K.VERIFIER, DISTRICT) for n in (1, 2, 3)),
    ]
    for b in organisations.bodies():
        if b.kind == BodyKind.GRID_TEAM:
            place = b.code.removesuffix("-grid")
            people.append(_one(f"grid-{place}", f"{b.short_name}队员", K.GRID_WORKER, b.division, b.id))
        else:
            people.append(_one(f"handler-{b.code}", f"{b.short_name}承办员", K.HANDLER, b.division, b.id))
        if b.kind == BodyKind.SUBDISTRICT_OFFICE:
            people += [
                _one(f"{word}-{b.code}", f"{b.short_name}{kind.label}", kind, b.division)
                for word, kind in OF_EACH_SUBDISTRICT.items()
            ]
    return people
