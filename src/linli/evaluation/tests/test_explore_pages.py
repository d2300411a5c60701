"""The pages of a result: what stands on them, who sees them, what leaves as files, how much they ask of the database."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from linli.core.actor import SYSTEM
from linli.evaluation.actions import results as write
from linli.evaluation.models import Framework, FrameworkNode, Result, Scenario
from linli.evaluation.queries import results as read
from linli.evaluation.web.figures import FIGURES
from linli.jobs import runner
from linli.jobs.models import Job
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
YEARS = [2021, 2022, 2023]
BUDGETS = json.loads((Path(settings.ROOT) / "tests" / "query_budgets.json").read_text(encoding="utf-8"))
OF_THE_ACTOR = 3  # session, account, posts
BUDGETED = {
    "": "", "-map": "map/", "-unit": "units/110000/", "-what-if": "what-if/", "-structure": "structure/", "-weights": "weights/",
    "-sensitivity": "sensitivity/", "-cells": "cells/", "-hash": "hash/", "-peers": "side-by-side/?unit=110000&unit=120000",
}  # fmt: skip
PAGES = ("", "map/", "units/110000/", "what-if/", "structure/", "weights/", "sensitivity/", "cells/", "hash/", "side-by-side/?unit=110000&unit=120000")  # fmt: skip


def run(framework: Framework, actor: Any = SYSTEM, **asked: Any) -> Result:
    """A finished result, without the worker between."""
    row = write.ask_for_run(actor=actor, framework_id=framework.pk, years=YEARS, **asked)
    params = Job.objects.get(pk=str(row.job)).params
    write.carry_out(
        actor=actor,
        id=row.pk,
        years=YEARS,
        document=params["scenario"],
        factors=params["factors"],
        told=lambda _n: None,
    )
    row.refresh_from_db()
    assert row.state == "done", row.problems
    return row


@pytest.fixture
def whole(make_framework: Callable[..., Framework]) -> Framework:
    """Without the part that has no data: its result is not experimental."""
    framework = make_framework()
    FrameworkNode.objects.filter(framework=framework, code__in=["A", "A1"]).delete()
    return framework


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def workbook(answer: Any) -> Any:
    return load_workbook(io.BytesIO(b"".join(answer.streaming_content)))


def at(row: Result, page: str = "") -> str:
    return f"/evaluation/results/{row.pk}/{page}"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_carries_the_hash(whole: Framework, cast: Cast, page: str) -> None:
    row = run(whole)
    body = text(cast.client("administrator"), at(row, page))
    assert str(row.inputs_id)[:12] in body
    assert "nan" not in body.lower().replace("finance", "") and "None" not in body


def test_a_whole_result_is_ranked(whole: Framework, cast: Cast) -> None:
    body = text(cast.client("administrator"), at(run(whole)))
    assert '<h2 id="h-rank">排名</h2>' in body and "名次区间" in body and "实验性" not in body


@pytest.mark.parametrize("page", ["", "units/110000/", "map/", "what-if/", "side-by-side/?unit=110000&unit=120000"])
def test_an_experimental_result_prints_no_rank_of_the_total(
    make_framework: Callable[..., Framework], cast: Cast, page: str
) -> None:
    row = run(make_framework())
    assert row.experimental
    body = text(cast.client("administrator"), at(row, page))
    assert "这是实验性结果，不作总排名" in body and "党的建设" in body
    assert 'class="n rank"' not in body and "data-rank>" not in body and "data-ranked" not in body
    total = body.split("h-parts")[0].split("<tbody>")[0]  # the head of a profile: the total, before its parts
    assert (
        ">位次<" not in total.replace('<th scope="col" class="n">位次</th>', "")
        and '/ 6</small></span><span class="d">90%' not in total
    )


def test_the_workbook_of_an_experimental_ranking_has_no_ranks_either(
    make_framework: Callable[..., Framework], cast: Cast
) -> None:
    row = run(make_framework())
    answer = cast.client("administrator").get(at(row, "figures/ranking.xlsx"))
    sheet = workbook(answer).worksheets[0]
    heads = [c.value for c in sheet[1]]
    ranks = [r[heads.index("位次")].value for r in sheet.iter_rows(min_row=2)]
    assert ranks == [None] * 6


def test_what_is_not_released_is_missing_to_others(whole: Framework, cast: Cast) -> None:
    row = run(whole)
    for page in PAGES:
        assert cast.client("operator").get(at(row, page)).status_code == 404
    write.release(actor=SYSTEM, id=row.pk)
    assert "北京" in text(cast.client("operator"), at(row))
    assert "测试指数" in text(cast.client("operator"), "/evaluation/")


@pytest.mark.parametrize("key", sorted(FIGURES))
def test_figures_leave_as_pictures_and_numbers(whole: Framework, cast: Cast, key: str) -> None:
    row, client = run(whole), cast.client("administrator")
    query = "unit=110000&before=2022" if key != "map" else ""
    picture = client.get(at(row, f"figures/{key}.svg?{query}"))
    body = picture.content.decode()
    assert picture["Content-Type"].startswith("image/svg+xml") and "attachment" in picture["Content-Disposition"]
    assert body.startswith("<svg") and str(row.inputs_id)[:12] in body and "数据截至" in body and "var(" not in body
    answer = client.get(at(row, f"figures/{key}.xlsx?{query}"))
    book = workbook(answer)
    assert book.worksheets[0].max_row > 1
    about = {r[0].value: r[1].value for r in book["说明"].iter_rows()}
    assert about["结果码"] == row.inputs_id


def test_a_figure_that_cannot_be_drawn_is_missing(whole: Framework, cast: Cast) -> None:
    row, client = run(whole, factors=[]), cast.client("administrator")
    for address in (
        "sensitivity.svg",
        "beats.svg",
        "nothing.svg",
        "profile.svg",
        "change.svg?unit=110000&year=2021",
        "slope.svg?before=1999",
        "correlations.svg?node=B1",
    ):
        assert client.get(at(row, f"figures/{address}")).status_code == 404, address
    assert "这次测算没有变换做法" in text(client, at(row, "sensitivity/"))


@pytest.mark.parametrize("query", ["?year=1999", "?year=²", "?node=nothing", "?year=99999999999999999999"])
def test_an_address_that_means_nothing_is_missing(whole: Framework, cast: Cast, query: str) -> None:
    assert cast.client("administrator").get(at(run(whole), query)).status_code == 404


def test_the_chain_of_a_cell_is_on_the_profile(whole: Framework, cast: Cast) -> None:
    body = text(cast.client("administrator"), at(run(whole), "units/110000/"))
    assert "统计年鉴" in body and "2025-12-01" in body and "实测" in body


def test_other_weights_without_a_script_and_as_a_scenario(whole: Framework, cast: Cast) -> None:
    row, client = run(whole), cast.client("administrator")
    plain = json.loads(text(client, at(row, "what-if/scores/")))
    other = json.loads(text(client, at(row, "what-if/scores/?w-B=90&w-C=10")))
    assert plain["hash"] == row.inputs_id and plain["rows"] != other["rows"]
    assert "90.0%" in text(client, at(row, "what-if/?w-B=90&w-C=10"))
    wrong = text(client, at(row, "what-if/?w-B=0&w-C=0"), 422)
    assert "不能全是零" in wrong and "错误：" in wrong
    assert client.get(at(row, "what-if/?w-B=x")).status_code == 422
    saved = client.post(at(row, "what-if/save/"), {"name": "重服务", "w-B": "90", "w-C": "10"})
    assert saved.status_code == 302
    kept = Scenario.objects.get()
    assert kept.document["weigh"]["at"]["index"]["weights"] == {"B": 0.9, "C": 0.1}
    again = run(whole, scenario_id=kept.pk)
    found = read.opened(SYSTEM, again.pk).result
    rows = dict(zip(found.panel.units, found.of().tolist(), strict=True))
    assert {r["code"]: r["score"] for r in other["rows"]} == pytest.approx(rows)


def test_a_scenario_of_the_same_weights_is_not_kept(whole: Framework, cast: Cast) -> None:
    row = run(whole)
    answer = cast.client("administrator").post(at(row, "what-if/save/"), {"name": "同样"})
    assert answer.status_code == 422 and not Scenario.objects.exists()
    assert cast.client("operator").post(at(row, "what-if/save/"), {"name": "x"}).status_code in (403, 404)


@pytest.mark.django_db(transaction=True)
def test_a_run_from_the_form(whole: Framework, cast: Cast) -> None:
    client = cast.client("administrator")
    form = {
        "framework": whole.pk,
        "year_from": 2021,
        "year_to": 2023,
        "scenario": 0,
        "name": "第一次",
        "factors": ["合成"],
    }
    assert "检查过了" in client.post("/evaluation/results/new/", form | {"check": "1"}).content.decode()
    assert not Result.objects.exists(), "a check writes nothing"
    sent = client.post("/evaluation/results/new/", form)
    row = Result.objects.get()
    assert sent.status_code == 302 and row.name == "第一次"
    assert "测算中" in text(client, at(row)) or "排队" in text(client, at(row))
    runner.run_job.call(str(row.job))
    row.refresh_from_db()
    assert row.summary["sensitivity"]["factors"] == ["合成"]
    assert "名次区间" in text(client, at(row))


def test_an_impossible_scenario_is_told_beside_its_field_before_it_runs(whole: Framework, cast: Cast) -> None:
    client = cast.client("administrator")
    form = {
        "framework": whole.pk,
        "year_from": 2021,
        "year_to": 2023,
        "scenario": 0,
        "aggregate": "geometric",
        "scale_low": "0",
    }
    for more in ({}, {"check": "1"}):
        answer = client.post("/evaluation/results/new/", form | more)
        body = answer.content.decode()
        assert answer.status_code == 422 and 'id="id_aggregate_error"' in body and "量程下限" in body
    assert not Result.objects.exists()
    late = client.post("/evaluation/results/new/", form | {"year_from": 2023, "year_to": 2021})
    assert late.status_code == 422 and 'id="id_year_to_error"' in late.content.decode()
    goals = client.post("/evaluation/results/new/", form | {"aggregate": "", "scale_low": "", "normalise": "goalposts"})
    assert 'id="id_normalise_error"' in goals.content.decode()


def test_release_takes_two_and_withdrawal_a_reason(whole: Framework, cast: Cast) -> None:
    row = run(whole, actor=cast.actor("administrator"))
    own = cast.client("administrator")
    assert "自己测算的结果须由另一人发布" in text(own, at(row))
    assert own.post(at(row, "release/")).status_code == 403
    chief = cast.client("chief")
    assert 'release/"' in text(chief, at(row))
    assert chief.post(at(row, "release/")).status_code == 302
    assert cast.client("operator").post(at(row, "withdraw/"), {"reason": "x"}).status_code == 403
    assert chief.post(at(row, "withdraw/"), {"reason": " "}).status_code == 422
    assert chief.post(at(row, "withdraw/"), {"reason": "数据更正"}).status_code == 302
    assert "已撤回" in text(own, at(row)) and cast.client("operator").get(at(row)).status_code == 404


def test_two_years_and_two_results_side_by_side(whole: Framework, cast: Cast) -> None:
    first = run(whole)
    document = {"normalise": {"method": "minmax", "base": "each", "scale": [1, 100]}, "aggregate": {"coverage": 0.6}}
    second = run(whole, document=document)
    client = cast.client("administrator")
    years = text(client, f"/evaluation/compare/?a={first.pk}&ay=2022&b={first.pk}&by=2023&unit=110000")
    assert "的变化由什么组成" in years and "fig-waterfall" in years and "fig-slopes" in years
    apart = text(client, f"/evaluation/compare/?a={first.pk}&b={second.pk}&unit=110000")
    assert "两边的得分不能相减" in apart and "fig-waterfall" not in apart
    assert str(first.inputs_id)[:12] in apart and str(second.inputs_id)[:12] in apart
    picture = client.get(f"/evaluation/compare/compare.svg?a={first.pk}&b={second.pk}").content.decode()
    assert str(first.inputs_id)[:12] in picture and str(second.inputs_id)[:12] in picture
    answer = client.get(f"/evaluation/compare/compare.xlsx?a={first.pk}&ay=2022&b={first.pk}&by=2023&unit=110000")
    book = workbook(answer)
    bars = [r[1].value for r in book.worksheets[1].iter_rows(min_row=2)]
    assert sum(bars[1:-1]) == pytest.approx(bars[-1] - bars[0])
    assert client.get(f"/evaluation/compare/?a={first.pk}&unit=999999").status_code == 404


def test_pages_without_anything(make_framework: Callable[..., Framework], cast: Cast) -> None:
    for who in ("administrator", "operator"):
        client = cast.client(who)
        assert "还没有" in text(client, "/evaluation/")
        assert "还没有可以比较的结果" in text(client, "/evaluation/compare/")
    assert cast.client("operator").get("/evaluation/results/new/").status_code == 403


def statements(client: Client, address: str) -> int:
    """SQL of the page itself, once the process is warm; the least of three, for a revision is asked for once a second."""
    client.get(address)
    found = []
    for _turn in range(3):
        with CaptureQueriesContext(connection) as sql:
            assert client.get(address).status_code == 200
        found.append(sum(not q["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for q in sql))
    return min(found) - OF_THE_ACTOR


def test_query_budgets(whole: Framework, cast: Cast) -> None:
    row = run(whole)
    write.release(actor=SYSTEM, id=row.pk)
    client = cast.client("administrator")
    seen = {f"evaluation:result{page}": statements(client, at(row, path)) for page, path in BUDGETED.items()}
    seen["evaluation:home"] = statements(client, "/evaluation/")
    seen["evaluation:compare"] = statements(client, f"/evaluation/compare/?a={row.pk}&unit=110000")
    seen["evaluation:result-new"] = statements(client, "/evaluation/results/new/")
    over = {name: (n, BUDGETS[name]) for name, n in seen.items() if n > BUDGETS[name]}
    assert not over, f"{over} of {seen}"


def test_a_refused_run_keeps_its_reasons(make_framework: Callable[..., Framework], cast: Cast) -> None:
    framework = make_framework()
    row = write.ask_for_run(actor=SYSTEM, framework_id=framework.pk, years=YEARS)
    from linli.core.errors import Invalid

    write.refuse(id=row.pk, refusal=Invalid("no_spread", "各地区的数值全部相等。"))
    body = text(cast.client("administrator"), at(row))
    assert "不能测算，什么都没有算" in body and "各地区的数值全部相等" in body
    assert cast.client("administrator").get(at(row, "map/")).status_code == 404
