"""What somebody hostile, hurried or unlucky does to the evaluation: each of these went wrong once."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Lower
from django.test import Client
from openpyxl import load_workbook

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Invalid
from linli.evaluation.actions import deliveries, frameworks
from linli.evaluation.actions import results as write
from linli.evaluation.models import Delivery, Framework, FrameworkNode, Inputs, Observation, Result, Series
from linli.evaluation.queries import frameworks as framework_reads
from linli.evaluation.queries import results as read
from linli.evaluation.sources.grids import open_file
from linli.jobs import actions as jobs
from linli.jobs import runner
from linli.jobs.models import Job
from linli.testing.fixtures import Cast

from .conftest import CODES

pytestmark = pytest.mark.django_db(transaction=True)
YEARS = [2021, 2022, 2023]


def run(framework: Framework, actor: Any = SYSTEM, **asked: Any) -> Result:
    row = write.ask_for_run(actor=actor, framework_id=framework.pk, years=YEARS, **asked)
    runner.run_job.call(str(row.job))
    row.refresh_from_db()
    assert row.state == "done", row.problems
    return row


@pytest.fixture
def whole(make_framework: Callable[..., Framework]) -> Framework:
    """Without the part that has no data: its result is not experimental."""
    framework = make_framework(name="完整指数")
    FrameworkNode.objects.filter(framework=framework, code__in=["A", "A1"]).delete()
    return framework


def at(row: Result, page: str = "") -> str:
    return f"/evaluation/results/{row.pk}/{page}"


def cells(answer: Any) -> list[list[Any]]:
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    return [list(line) for line in book.worksheets[0].iter_rows(values_only=True)]


# --- no headline rank of an experimental result, wherever it is asked -------------------------------------------------


def test_the_scores_of_other_weights_carry_no_rank(make_framework: Callable[..., Framework], cast: Cast) -> None:
    row = run(make_framework())
    client = cast.client("administrator")
    said = client.get(at(row, "what-if/scores/")).json()
    assert {r["code"] for r in said["rows"]} == set(CODES)
    assert all(r.get("rank") is None for r in said["rows"])
    page = client.get(at(row, "what-if/")).content.decode()
    assert '"ranks"' not in page


def test_a_comparison_prints_ranks_only_where_both_have_them(
    make_framework: Callable[..., Framework], whole: Framework, cast: Cast
) -> None:
    row, other = run(make_framework(name="实验指数")), run(whole)
    assert row.experimental and not other.experimental
    client = cast.client("administrator")
    for a, b in ((row, other), (other, row)):
        head, *lines = cells(client.get(f"/evaluation/compare/compare.xlsx?a={a.pk}&b={b.pk}"))
        ranks = [i for i, title in enumerate(head) if str(title).endswith("位次")]
        assert len(ranks) == 2
        assert lines and all(line[i] is None for line in lines for i in ranks)


def test_the_terminal_prints_no_rank_of_an_experimental_result(
    make_framework: Callable[..., Framework], whole: Framework, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    from linli.config.commands.results import verify

    for framework, printed in ((whole, True), (make_framework(), False)):
        row = run(framework)
        verify(argparse.Namespace(digest=row.inputs_id, year=None))
        said = capsys.readouterr().out
        assert "一致" in said and ("位次" in said) is printed


# --- runs that do not come to their end ---------------------------------------------------------------------------------


def test_a_run_that_is_stopped_is_not_running_for_ever(
    make_framework: Callable[..., Framework], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = write.ask_for_run(actor=SYSTEM, framework_id=make_framework().pk, years=YEARS)
    real = write.compute

    def stopped(*args: Any, **kwargs: Any) -> Any:
        assert row.job is not None
        jobs.cancel(actor=SYSTEM, id=row.job)
        return real(*args, **kwargs)

    monkeypatch.setattr(write, "compute", stopped)
    assert runner.run_job.call(str(row.job)) == "cancelled"
    row.refresh_from_db()
    assert row.state == "refused" and row.problems


def test_a_run_that_breaks_says_so(make_framework: Callable[..., Framework], monkeypatch: pytest.MonkeyPatch) -> None:
    row = write.ask_for_run(actor=SYSTEM, framework_id=make_framework().pk, years=YEARS)

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(write, "compute", broken)
    assert runner.run_job.call(str(row.job)) == "failed"
    row.refresh_from_db()
    assert row.state == "refused" and row.problems


def test_a_run_whose_worker_died_after_writing_is_done_when_repeated(make_framework: Callable[..., Framework]) -> None:
    row = run(make_framework())
    params = Job.objects.get(pk=str(row.job)).params
    digest = write.carry_out(
        actor=SYSTEM, id=row.pk, years=YEARS, document=params["scenario"], factors=params["factors"], told=lambda _n: None
    )  # fmt: skip
    assert digest == row.inputs_id


# --- a released result is of the edition whose name it bears -------------------------------------------------------------


def test_a_result_of_a_draft_is_not_released_as_one_of_the_edition(
    make_framework: Callable[..., Framework], cast: Cast
) -> None:
    framework = make_framework(state="draft", version=3)
    row = run(framework, cast.actor("analyst"))
    FrameworkNode.objects.filter(framework=framework, code="C1").update(weight=9)
    Framework.objects.filter(pk=framework.pk).update(state="published", published_at=clock.now())
    with pytest.raises(Conflict) as refusal:
        write.release(actor=cast.actor("administrator"), id=row.pk)
    assert refusal.value.code == "computed_on_draft"
    write.release(actor=cast.actor("administrator"), id=run(framework, cast.actor("analyst")).pk)


def test_an_import_whose_draft_was_computed_is_not_undone(make_framework: Callable[..., Framework]) -> None:
    make_framework()
    FrameworkNode.objects.update(code=Lower("code"), parent=Lower("parent"))
    rows = framework_reads.rows_of(Framework.objects.get().pk)
    memo = frameworks.put_rows(actor=SYSTEM, family="test", rows=rows)
    draft = Framework.objects.get(pk=memo["id"])
    Framework.objects.filter(pk=draft.pk).update(valid_from=2020)
    run(draft)
    with pytest.raises(Conflict) as refusal:
        frameworks.restore(actor=SYSTEM, memo=memo)
    assert refusal.value.code == "in_use"


# --- a result whose inputs no longer hold ---------------------------------------------------------------------------------


def test_a_broken_result_is_told_and_breaks_no_other_page(whole: Framework, cast: Cast) -> None:
    row = run(whole, cast.actor("analyst"))
    write.release(actor=cast.actor("administrator"), id=row.pk)
    other = run(whole, document=whole.scenario | {"aggregate": {"coverage": 0.7}})
    Inputs.objects.filter(pk=row.inputs_id).update(content=bytes(Inputs.objects.get(pk=other.inputs_id).content))
    read._memory.clear()
    client = cast.client("operator")
    assert client.get(at(row)).status_code == 409
    home = client.get("/evaluation/")
    assert home.status_code == 200 and row.name in home.content.decode()


# --- addresses and forms ----------------------------------------------------------------------------------------------------


def test_a_year_that_is_none_is_not_there(whole: Framework, cast: Cast) -> None:
    row, client = run(whole), cast.client("administrator")
    for year in ("020231", "00002023", "２０２３", "2023.0", "-1", "9" * 30):
        assert client.get(at(row) + f"?year={year}").status_code == 404, year


def test_a_null_character_breaks_nothing(whole: Framework, cast: Cast) -> None:
    row = run(whole, cast.actor("analyst"))
    client = cast.client("administrator")
    assert client.post("/evaluation/books/make/", {"result": str(row.pk), "title": "a\0b"}).status_code in (302, 422)
    assert client.post(at(row, "what-if/save/"), {"w-B": "10", "w-C": "90", "name": "a\0b"}).status_code in (302, 422)
    assert client.post(at(row, "release/")).status_code == 302
    assert client.post(at(row, "withdraw/"), {"reason": "a\0b"}).status_code in (302, 422)
    assert client.get(f"/evaluation/compare/?a={row.pk}&node=a%00b").status_code == 404


@pytest.mark.parametrize("mean", ["geometric", "harmonic", "topsis", "copeland"])
def test_other_weights_answer_or_refuse(whole: Framework, cast: Cast, mean: str) -> None:
    document = whole.scenario | {"aggregate": {"default": mean, "coverage": 0.6}}
    row = run(whole, document=document, factors=[])
    client: Client = cast.client("administrator")
    for weights in ({"w-B": "0", "w-C": "100"}, {"w-C1": "100"}, {"w-B1": "0"}, {"w-B": "1e999"}, {"w-B": "nan"}):
        for page in ("what-if/scores/", "what-if/"):
            assert client.get(at(row, page), weights).status_code in (200, 422), (page, weights)


# --- files -----------------------------------------------------------------------------------------------------------------


def _sheet(body: str) -> bytes:
    from openpyxl import Workbook

    book, stream, out = Workbook(), io.BytesIO(), io.BytesIO()
    book.active["A1"] = "地区"  # type: ignore[index]
    book.active["B1"] = "2020年"  # type: ignore[index]
    book.save(stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", b"</sheetData>" + body.encode())
            new.writestr(name, content)
    return out.getvalue()


def test_merged_ranges_are_counted_before_they_are_laid_out() -> None:
    few = "".join(f'<mergeCell ref="A{n}:CV{n + 49}"/>' for n in range(10, 200_010, 50))
    with pytest.raises(Invalid) as refusal:
        open_file(_sheet(f"<mergeCells>{few}</mergeCells>"))
    assert refusal.value.code == "too_many_rows"


def test_a_shipped_file_whose_loading_was_killed_is_loaded_the_next_time(
    nation: dict[str, Series], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "more.csv"
    file.write_text("地区,2019年\n北京市,1\n天津市,2\n", encoding="utf-8")
    about = {"publication": "yearbook", "vintage": "2025-12-01", "series": "income"}
    with monkeypatch.context() as killed:
        killed.setattr(deliveries, "_take_over", lambda *_a: (_ for _ in ()).throw(KeyboardInterrupt))
        killed.setattr(deliveries, "_forget", lambda _id: None)  # a killed process tidies nothing
        with pytest.raises(KeyboardInterrupt):
            deliveries.apply_shipped(actor=SYSTEM, path=file, about=about)
    assert Delivery.objects.get(state="staged").observations.count() == 2
    assert deliveries.apply_shipped(actor=SYSTEM, path=file, about=about) == 1
    assert Observation.objects.filter(year=2019, series__code="income").count() == 2
