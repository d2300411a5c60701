"""The evaluation as an office would have it: a result on real public statistics, a district index on the simulated
counts of the platform, an expert questionnaire answered by simulated seats, and one more that is still open.
"""

from __future__ import annotations

import random

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Refusal
from linli.evaluation.actions import experts, measures, results
from linli.evaluation.queries import experts as expert_reads
from linli.evaluation.queries import frameworks as framework_reads
from linli.evaluation.queries import results as result_reads
from linli.jobs import runner

SEED = 20261122
YEARS = (2019, 2020, 2021, 2022, 2023)
SEATS = 7


def play(*, actor: Actor = SYSTEM, seed: int = SEED) -> dict[str, int]:
    """Compute, ask, adopt, release. Returns how many of each; nothing where there is a result already."""
    if result_reads.results(actor):
        return {}
    families = {f.family: f.id for f in framework_reads.frameworks(actor=actor)}
    made = {"results": 0, "questionnaires": 0}
    if "provinces" in families:
        first = _run(actor, families["provinces"], YEARS, "各省社会建设综合指数 2019-2023")
        results.release(actor=actor, id=first)
        scenario = _ask(actor, families["provinces"], random.Random(seed))
        _run(actor, families["provinces"], YEARS, "各省社会建设综合指数 2019-2023（专家权重，演示）", scenario)
        _open(actor, families["provinces"])
        made = {"results": 2, "questionnaires": 2}
    if "xicheng" in families:
        year = clock.today().year
        try:
            measures.take_measures(actor=actor, year=year)
            _run(actor, families["xicheng"], (year,), f"西城区内指数 {year}（模拟数据）")
        except Refusal:  # a district without cases has nothing to count
            return made
        made["results"] += 1
    return made


def _run(actor: Actor, framework: int, years: tuple[int, ...], name: str, scenario: int = 0) -> str:
    row = results.ask_for_run(actor=actor, framework_id=framework, years=years, name=name, scenario_id=scenario)
    runner.run_job.call(str(row.job))
    return str(row.pk)


def _ask(actor: Actor, framework: int, chance: random.Random) -> int:
    """A budget of 100 points over the parts, spent by simulated seats; closed and adopted. Returns the scenario."""
    root = next(q for q in expert_reads.askable(framework, "budget") if q.node.kind == "root")
    asked = experts.Asked(
        framework, "六个部分的权重（模拟专家）", "budget", (root.node.code,), "演示用：由程序模拟的席位填写。"
    )
    number = experts.create(actor=actor, asked=asked)
    codes = experts.add_seats(actor=actor, questionnaire_id=number, count=SEATS)
    experts.open_questionnaire(actor=actor, questionnaire_id=number)
    children = [c.code for c in root.children]
    for _seat, code in codes:
        spent = [chance.randint(8, 24) for _c in children[1:]]
        rest = 100 - sum(spent)
        points = [rest, *spent] if rest > 0 else [100 - 15 * len(spent), *[15] * len(spent)]
        experts.save_points(code=code, node=root.node.code, points=dict(zip(children, map(float, points), strict=True)))
        experts.submit(code=code)
    experts.close_questionnaire(actor=actor, questionnaire_id=number)
    return experts.adopt(actor=actor, questionnaire_id=number, name="专家权重（模拟）")


def _open(actor: Actor, framework: int) -> None:
    """One that waits for answers: nobody sees what is in it."""
    node = next(q.node.code for q in expert_reads.askable(framework, "ahp"))
    asked = experts.Asked(framework, "六个部分两两比较（演示）", "ahp", (node,))
    number = experts.create(actor=actor, asked=asked)
    experts.add_seats(actor=actor, questionnaire_id=number, count=3)
    experts.open_questionnaire(actor=actor, questionnaire_id=number)
