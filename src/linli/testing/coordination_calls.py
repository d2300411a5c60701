"""Summons and consultations as a district would have them: every stage, through the real actions, by simulated staff."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from linli.coordination.actions.answers import Step, move_summons, ring_summons
from linli.coordination.actions.consultations import Step as Press
from linli.coordination.actions.consultations import plan_consultation, press_consultation
from linli.coordination.actions.kinds import load_kinds
from linli.coordination.actions.summons import Asked, Call, summon
from linli.coordination.queries import meetings, summonses
from linli.coordination.queries.calls import load, parts_of
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.organisations import queries as organisations

from .cast import LoadCast, cast_for_load

NIUJIE, DESHENG, SHICHAHAI = "110102018", "110102010", "110102012"
PLACES = {NIUJIE: (116.3596, 39.8862), DESHENG: (116.3745, 39.9535), SHICHAHAI: (116.3835, 39.9375)}


def play(*, actor: Actor = SYSTEM) -> dict[str, int]:
    """Eight summons in all stages and two consultations. Returns how many of each; nothing where there are some."""
    if summonses.page(actor, summonses.SummonsFilter(tab="all")).rows:
        return {}
    load_kinds(actor=actor)
    house = Office(cast_for_load(actor=actor), clock.now())
    house.waiting()
    house.judged()
    house.held(
        house.failed(
            NIUJIE, 26, ("urban-management", "power"), "胡同里多家产权的旧线缆垂落，三家单位各管一段，没有人牵头。"
        )
    )
    house.failed(
        SHICHAHAI, 6, ("enforcement", "shared-bicycles"), "湖边单车清走又堆，企业和执法各说各的，需要区里定规矩。"
    )
    house.planned(house.failed(DESHENG, 9, ("parking", "traffic-police"), "学校门口接送车辆占道，划线要跨街道统一。"))
    return {"summons": house.called, "consultations": 2}


class Office:
    """The people of the play and the clock that they act by."""

    def __init__(self, people: LoadCast, now: datetime) -> None:
        self.people, self.now, self.called = people, now, 0

    def at(self, days: float) -> Any:
        """So many days ago."""
        return clock.at(self.now - timedelta(days=days), actor=SYSTEM)

    def call(self, place: str, days: float, codes: tuple[str, ...], question: str, kind: str = "enforcement") -> int:
        lon, lat = PLACES[place]
        bodies = [Asked(self.body(code)) for code in codes]
        with self.at(days):
            self.called += 1
            wanted = Call(kind, lon, lat, bodies, question, client_key=f"play-{self.called}", simulated=True)
            return summon(actor=self.people.chief(place), call=wanted)

    def body(self, code: str) -> int:
        found = organisations.body_by_code(f"110102-{code}")
        if found is None:
            raise LookupError(code)
        return found.id

    def step(self, days: float, pk: int, verb: str, *, chief: str = "", body: str = "", **more: Any) -> None:
        actor = self.people.chief(chief) if chief else self.people.handler(self.body(body))
        with self.at(days):
            version = load(SYSTEM, pk)[0].matter.version
            step = Step(verb, version, body_id=self.body(body) if body else None, **more)
            move_summons(actor=actor, summons_id=pk, step=step)

    def answer(self, days: float, pk: int, body: str, text: str) -> None:
        on_site = next(p for p in parts_of(pk) if p.body_id == self.body(body)).mode == "on_site"
        if on_site:
            self.step(days, pk, "sign", body=body)
            self.step(days - 0.02, pk, "arrive", body=body)
        self.step(days - 0.04, pk, "answer", body=body, text=text)

    def judge(self, days: float, pk: int, chief: str, verb: str, said: dict[str, str], text: str = "") -> None:
        verdicts = {self.body(code): verdict for code, verdict in said.items()}
        self.step(days, pk, verb, chief=chief, text=text, verdicts=verdicts)

    def waiting(self) -> None:
        """One that was just called, one where somebody is there already."""
        self.call(
            NIUJIE, 0.01, ("emergency", "gas"), "临街餐馆疑似燃气泄漏，请带检测设备到场，先疏散再排查。", "emergency"
        )
        pk = self.call(
            DESHENG, 0.08, ("enforcement", "market", "health"), "早市摊位占道又油烟扰民，请三家到场一起定处置办法。"
        )
        self.step(0.06, pk, "sign", body="market")
        self.step(0.05, pk, "arrive", body="enforcement")

    def judged(self) -> None:
        """One that waits for its chief with an answer missed, one settled, one withdrawn."""
        pk = self.call(NIUJIE, 4, ("enforcement", "sanitation"), "装修垃圾反复堆在路口，请执法和环卫到场。")
        self.answer(3.9, pk, "enforcement", "已到场取证，对两户装修单位开具通知。")
        with self.at(0):
            ring_summons()
        pk = self.call(SHICHAHAI, 12, ("landscaping", "street-lighting"), "树冠遮住路灯，夜里看不清台阶。", "key_work")
        self.answer(11.5, pk, "landscaping", "已修剪三棵国槐，树冠离灯杆两米。")
        self.answer(11, pk, "street-lighting", "已换灯头两处，亮度恢复。")
        self.judge(10.5, pk, SHICHAHAI, "settle", {"landscaping": "done", "street-lighting": "done"})
        pk = self.call(DESHENG, 7, ("drainage",), "井盖翻涌，请到场抽排。", "emergency")
        self.step(6.99, pk, "withdraw", chief=DESHENG, text="雨停后自行退水，不再需要到场。")

    def failed(self, place: str, days: float, codes: tuple[str, str], why: str) -> int:
        """Everybody came, and it was not solved."""
        pk = self.call(place, days, codes, "请到场一起看，拿出能长期管住的办法。")
        for n, code in enumerate(codes):
            self.answer(days - 0.1 - n / 10, pk, code, "已到场，本单位职责内的已经处理，其余需要别的单位配合。")
        self.judge(days - 0.4, pk, place, "fail", dict(zip(codes, ("partly", "not"), strict=True)), why)
        return pk

    def press(self, days: float, pk: int, verb: str, **more: Any) -> None:
        with self.at(days):
            version = meetings.meeting(SYSTEM, pk).matter.version
            press_consultation(actor=self.people.chief(), consultation_id=pk, step=Press(verb, version, **more))

    def held(self, summons: int) -> None:
        """Three weeks ago: one decision whose day is over, one done, one turned down."""
        with self.at(24):
            meets = clock.now() + timedelta(days=2)
            pk = plan_consultation(
                actor=self.people.chief(), meets_at=meets, venue="区政府三层会议室", client_key="play", simulated=True
            )
        self.press(24, pk, "list_item", summons_id=summons)
        self.press(24, pk, "list_item", title="地铁口早高峰共享单车停放")
        self.press(24, pk, "list_item", title="跨区河道的保洁分界")
        self.press(22, pk, "hold")
        first, second, third = (i.row.pk for i in meetings.meeting(SYSTEM, pk).items)
        day = (self.now - timedelta(days=4)).date()
        lead, sanitation = self.body("urban-management"), self.body("sanitation")
        self.press(22, pk, "decide_item", item_id=first, text="由城管委牵头，三家产权单位按段入地；街道负责沿线协调。",
                   body_id=lead, due_on=day)  # fmt: skip
        self.press(22, pk, "decide_item", item_id=second, text="高峰时段由环卫中心配合企业清运，每天两次。",
                   body_id=sanitation, due_on=day)  # fmt: skip
        self.press(22, pk, "reject_item", item_id=third, text="不属于本区，转请市里协调。")
        self.press(8, pk, "do_item", item_id=second, text="已连续两周按时清运，现场没有再堆积。")

    def planned(self, summons: int) -> None:
        """In three days, with one summons and one proposal on its agenda; another summons waits to be listed."""
        meets = clock.local(self.now + timedelta(days=3)).replace(hour=9, minute=30, second=0, microsecond=0)
        pk = plan_consultation(
            actor=self.people.chief(), meets_at=meets, venue="区政府三层会议室", client_key="next", simulated=True
        )
        self.press(0, pk, "list_item", summons_id=summons)
        self.press(0, pk, "list_item", title="老旧小区加装电梯的管线迁改")
