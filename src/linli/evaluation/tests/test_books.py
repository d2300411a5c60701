"""The book of a result: who may make and read it, what every page says, what each form holds, how it stops."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from linli.core.actor import SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.evaluation.actions import books as write
from linli.evaluation.actions import results
from linli.evaluation.book import Chapter, chapters
from linli.evaluation.book.chapters import lots
from linli.evaluation.models import Book, Framework, FrameworkNode, Result
from linli.evaluation.queries import books as read
from linli.evaluation.tests.conftest import NAMES
from linli.jobs import actions as jobs
from linli.jobs import runner
from linli.jobs.models import Job
from linli.site import printing

pytestmark = pytest.mark.django_db(transaction=True)
printed = pytest.mark.skipif(not printing.available(), reason="WeasyPrint or Debian's Pango is not here")
ANALYST = Actor("person", 11, "分析员", (Post(1, "analyst", "110102"),))
CHIEF = Actor("person", 12, "值班长", (Post(2, "district_chief", "110102"),))
OPERATOR = Actor("person", 13, "话务员", (Post(3, "operator", "110102"),))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.VAR = tmp_path
    return tmp_path


def result(framework: Framework, years: tuple[int, ...] = (2021, 2022, 2023)) -> Result:
    row = results.ask_for_run(actor=SYSTEM, framework_id=framework.pk, years=years)
    runner.run_job.call(str(row.job))
    row.refresh_from_db()
    assert row.state == "done", row.problems
    return row


@pytest.fixture
def experimental(make_framework: Callable[..., Framework]) -> Result:
    """Its first part has no data."""
    return result(make_framework())


@pytest.fixture
def whole(make_framework: Callable[..., Framework]) -> Result:
    """Every part has data, and it is released."""
    framework = make_framework()
    FrameworkNode.objects.filter(framework=framework, code__in=["A", "A1"]).delete()
    row = result(framework)
    assert not row.experimental
    results.release(actor=CHIEF, id=row.pk)
    row.refresh_from_db()
    return row


def made(row: Result, **asked: Any) -> Book:
    book = write.ask_for_book(actor=ANALYST, result_id=row.pk, **asked)
    runner.run_job.call(str(book.job))
    book.refresh_from_db()
    return book


def edition(row: Result) -> Any:
    return write._edition(SYSTEM, Book(result=row, year=row.year_to, title="年报"))


def said(chapter: Chapter) -> str:
    """All words of a chapter."""
    found = []
    for b in chapter.blocks:
        for name in ("text", "title", "note", "svg"):
            found.append(str(getattr(b, name, "")))
        found += [c.text for row in (getattr(b, "heads", ()), *getattr(b, "rows", ())) for c in row]
        found += [*getattr(b, "items", ())]
        found += [f"{f.label} {f.value} {f.more}" for f in getattr(b, "facts", ())]
    return "\n".join(found)


def by_key(row: Result) -> dict[str, Chapter]:
    held = edition(row)
    found = list(chapters(held))
    assert len(found) == lots(held)
    return {c.key: c for c in found}


def pages(content: bytes) -> list[str]:
    pypdf = pytest.importorskip("pypdf")
    return [p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages]


# --- what it says ---------------------------------------------------------------------------------------------


def test_an_experimental_book_has_no_headline_rank_and_says_why(experimental: Result) -> None:
    book = by_key(experimental)
    assert book["overall"].title == "得分与区间"
    assert "位次" not in said(book["overall"])
    assert "下列部分没有任何数据" in said(book["method"]) and "党的建设" in said(book["method"])
    assert "没有可用的公开数据" in said(book["parts"]) and "党组织覆盖率" in said(book["parts"])
    assert "位次的变化" not in said(book["changes"])
    first = next(b for b in book["units"].blocks if b.kind == "facts")
    assert "位次" not in [f.label for f in first.facts]


def test_a_whole_result_has_ranks_with_intervals(whole: Result) -> None:
    book = by_key(whole)
    assert book["overall"].title == "排名与区间"
    assert "位次区间" in said(book["overall"]) and "位列前三" in said(book["overall"])
    assert "位次的变化" in said(book["changes"])
    assert "每个位次出现的机会" in said(book["sensitivity"])
    labels = [f.label for b in book["units"].blocks if b.kind == "facts" for f in b.facts]
    assert labels.count("位次") == 6 == labels.count("位次区间")


def test_every_figure_carries_result_calibre_and_day(whole: Result) -> None:
    figures = [b for c in chapters(edition(whole)) for b in c.blocks if b.kind == "drawn"]
    assert len(figures) >= 6 * 2 + 6
    short = (whole.inputs_id or "")[:12]
    for figure in figures:
        assert short in figure.svg and "口径：" in figure.svg and "数据截至" in figure.svg, figure.title
    assert len({f.name for f in figures}) == len(figures), "each is a file of its own"


def test_changes_add_up_in_the_table(whole: Result) -> None:
    grid = next(b for b in by_key(whole)["changes"].blocks if b.kind == "grid")
    for row in grid.rows:
        numbers = [float(c.text.replace("−", "-").replace("+", "").replace("—", "0")) for c in row[1:]]
        before, parts, total, after = numbers[0], numbers[1:-2], numbers[-2], numbers[-1]
        assert sum(parts) == pytest.approx(total, abs=0.03) and after - before == pytest.approx(total, abs=0.011)


def test_a_book_of_one_year_says_there_is_nothing_to_compare(make_framework: Callable[..., Framework]) -> None:
    row = result(make_framework(factors=[]), years=(2023,))
    book = by_key(row)
    assert "没有上年可比" in said(book["changes"])
    assert "没有做不确定性" in said(book["sensitivity"])
    assert "位次区间" not in said(book["overall"])


def test_years_on_different_scales_are_not_subtracted(make_framework: Callable[..., Framework]) -> None:
    own = {"normalise": {"method": "minmax", "base": "each", "scale": [1, 100]}, "aggregate": {"coverage": 0.6}}
    book = by_key(result(make_framework(scenario=own, factors=[])))
    assert "不能相减" in said(book["changes"])
    assert "得分变化的组成" not in said(book["changes"]) and "比上年" not in said(book["units"]).replace("比上年的", "")
    assert "不能相互比较" in said(book["method"])


def test_scores_of_other_scales_make_no_interval(make_framework: Callable[..., Framework]) -> None:
    vary = [{"kind": "choice", "name": "标准化", "options": [
        {"label": "极差", "patch": {}}, {"label": "标准分", "patch": {"normalise.method": "zscore"}}]}]  # fmt: skip
    scenario = {"normalise": {"method": "minmax", "base": "pooled"}, "aggregate": {"coverage": 0.6}}
    book = by_key(result(make_framework(scenario=scenario, factors=vary)))
    assert "得分区间" not in said(book["overall"]).replace("没有得分区间", "") and "得分区间" not in said(book["units"])


def test_the_appendix_marks_what_was_filled_and_names_where_it_was_printed(whole: Result) -> None:
    from linli.evaluation.models import Observation

    Observation.objects.filter(series__code="beds", unit="130000", year=2023).delete()
    scenario = dict(whole.framework.scenario) | {"impute": [{"method": "median"}]}
    Framework.objects.filter(pk=whole.framework_id).update(scenario=scenario)
    text = said(by_key(result(Framework.objects.get(pk=whole.framework_id)))["data"])
    assert "填补：各地中位数" in text and "河北" in text
    assert text.count("*") >= 2, "the value and the note"
    assert "统计年鉴（统计局，2025-12-01 版" in text


# --- the files ------------------------------------------------------------------------------------------------


@printed
def test_the_pdf_names_every_unit_and_says_on_every_page_what_it_is(experimental: Result) -> None:
    book = made(experimental, title="社会建设年报")
    assert book.state == "ready", book.problem
    view = read.book(ANALYST, book.pk)
    assert [f.format for f in view.files] == ["pdf", "docx", "html"]
    content = read.place_of(view, "pdf").read_bytes()
    found = pages(content)
    text = "".join(found).replace("\n", "")
    assert all(text.count(name) >= 2 for name in NAMES), "in the contents and on their own page"
    short = view.short
    for n, page in enumerate(found[1:], 2):
        assert "实验性" in page and "内部稿" in page, n
        assert n == 2 or short in page, n
    assert view.digest in found[0].replace("\n", "") and "党的建设" in found[0]
    pypdf = pytest.importorskip("pypdf")
    outline = pypdf.PdfReader(io.BytesIO(content)).outline
    assert len(outline) >= 8


@printed
def test_three_forms_of_one_book(whole: Result) -> None:
    """One making, looked at from all sides: setting a book is the slowest thing here."""
    told: list[tuple[int, int]] = []
    row = write.new_book(actor=SYSTEM, result_id=whole.pk)
    write.carry_out(id=row.pk, actor=SYSTEM, told=lambda done, total, what: told.append((done, total)))
    assert len({t for _d, t in told}) == 1 and told[-1][0] == told[-1][1]
    assert [d for d, _t in told] == sorted(d for d, _t in told) and len(told) > 3 * lots(edition(whole))
    book = read.book(SYSTEM, row.pk)
    contents_know_the_pages(pages(read.place_of(book, "pdf").read_bytes()))
    docx_has_headings_tables_and_pictures(whole, read.place_of(book, "docx").read_bytes())
    zip_stands_by_itself(whole, read.place_of(book, "html"))


def contents_know_the_pages(found: list[str]) -> None:
    contents = found[1].replace("\n", " ")
    for name in NAMES:
        page = next(n for n, text in enumerate(found[2:], 1) if f"{name}各部分得分" in text.replace("\n", ""))
        after = contents.split(name, 1)[1].strip()
        assert after.startswith(str(page)), (name, page, after[:12])
        assert found[page + 1].split()[-1] == str(page), "the number at the foot"
    assert "内部稿" not in "".join(found) and "实验性" not in "".join(found)


def docx_has_headings_tables_and_pictures(whole: Result, content: bytes) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document(io.BytesIO(content))
    heads = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert all(name in heads for name in NAMES) and "第二章　排名与区间" in heads
    figures = sum(b.kind == "drawn" for c in chapters(edition(whole)) for b in c.blocks)
    assert len(document.inline_shapes) == figures
    assert len(document.tables) >= 8
    assert (whole.inputs_id or "")[:12] in document.sections[0].footer.paragraphs[0].text
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        pictures = [n for n in packed.namelist() if n.startswith("word/media/")]
        assert pictures and all(packed.read(n).startswith(b"\x89PNG") for n in pictures)
        assert 'w:eastAsia="Noto Sans CJK SC"' in packed.read("word/styles.xml").decode()


def zip_stands_by_itself(whole: Result, place: Path) -> None:
    with zipfile.ZipFile(place) as packed:
        names = packed.namelist()
        page = packed.read("index.html").decode()
        assert {"index.html", "book.css", "figures/ranking.svg", "figures/unit-110000.svg"} <= set(names)
        assert "var(" not in packed.read("figures/ranking.svg").decode()
    assert f'data-hash="{whole.inputs_id}"' in page and "http://" not in page.replace("http://www.w3.org", "")
    short = (whole.inputs_id or "")[:12]
    assert page.count(f'data-hash="{short}"') == page.count("<table") + page.count("<figure") + page.count(
        "<dd data-hash"
    )


def test_a_book_in_another_language_is_set_in_it(whole: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "available", lambda: False)
    book = made(whole, language="en")
    with zipfile.ZipFile(read.place_of(read.book(SYSTEM, book.pk), "html")) as packed:
        assert '<html lang="en">' in packed.read("index.html").decode()


def test_without_the_means_to_print_there_is_the_page_alone(whole: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "available", lambda: False)
    book = made(whole)
    assert book.state == "ready" and list(book.files) == ["html"] and "没有装 PDF 组件" in book.problem


# --- who and how ----------------------------------------------------------------------------------------------


def test_only_analysts_make_and_only_insiders_read_drafts(experimental: Result) -> None:
    with pytest.raises(Forbidden):
        write.ask_for_book(actor=OPERATOR, result_id=experimental.pk)
    book = write.ask_for_book(actor=ANALYST, result_id=experimental.pk)
    assert [b.id for b in read.books(CHIEF)] == [book.pk] and read.books(OPERATOR) == []
    with pytest.raises(Missing):
        read.book(OPERATOR, book.pk)
    with pytest.raises(Missing):
        read.place_of(read.book(ANALYST, book.pk), "pdf")


def test_all_staff_read_the_book_of_a_released_result(whole: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "available", lambda: False)
    book = made(whole)
    assert read.place_of(read.book(OPERATOR, book.pk), "html").is_file()
    assert [b.id for b in read.books(OPERATOR)] == [book.pk]


def test_what_is_asked_wrongly_is_refused(experimental: Result) -> None:
    for title, language, code in (("名" * 61, "zh-hans", "title_too_long"), ("年报", "xx", "no_such_language")):
        with pytest.raises(Invalid) as refused:
            write.ask_for_book(actor=ANALYST, result_id=experimental.pk, title=title, language=language)
        assert refused.value.code == code
    with pytest.raises(Missing):
        write.ask_for_book(actor=ANALYST, result_id="00000000-0000-0000-0000-000000000000")
    Result.objects.filter(pk=experimental.pk).update(state="withdrawn")
    with pytest.raises(Conflict):
        write.ask_for_book(actor=ANALYST, result_id=experimental.pk)
    assert not Book.objects.exists()


@printed
def test_a_title_that_cannot_be_printed_is_refused_before_work_begins(experimental: Result) -> None:
    with pytest.raises(Invalid) as refused:
        write.ask_for_book(actor=ANALYST, result_id=experimental.pk, title="龘年报")
    assert refused.value.code == "no_glyph" and "龘" in str(refused.value.message)


@printed
def test_a_name_that_cannot_be_printed_stops_the_book_with_the_character_named(experimental: Result) -> None:
    from linli.evaluation.models import Unit

    Unit.objects.filter(code="110000").update(name="北京龘市")
    book = made(experimental)
    assert book.state == "failed" and "龘（U+9F98）" in book.problem
    assert not any(read.folder(book.pk).glob("*")) if read.folder(book.pk).exists() else True


def test_two_at_once_of_one_result_are_one_too_many(experimental: Result) -> None:
    book = write.ask_for_book(actor=ANALYST, result_id=experimental.pk)
    with pytest.raises(Conflict) as refused:
        write.ask_for_book(actor=ANALYST, result_id=experimental.pk)
    assert refused.value.code == "book_in_work"
    with pytest.raises(Conflict):
        write.drop_book(actor=ANALYST, id=book.pk)
    write.ask_for_book(actor=ANALYST, result_id=experimental.pk, language="en")


def test_a_stopped_book_says_so_and_leaves_nothing(experimental: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    book = write.ask_for_book(actor=ANALYST, result_id=experimental.pk)
    job = Job.objects.get(pk=book.job)
    seen: list[tuple[int, int]] = []
    original = jobs.progress

    def stopping(job: Job, done: int, total: int, message: Any = "") -> None:
        seen.append((done, total))
        if done == 2:
            jobs.cancel(actor=SYSTEM, id=job.pk)
        original(job, done, total, message)

    monkeypatch.setattr("linli.jobs.runner.actions.progress", stopping)
    monkeypatch.setattr("linli.jobs.runner.WRITE_EVERY_S", 0)
    runner.run_job.call(str(job.pk))
    book.refresh_from_db()
    job.refresh_from_db()
    assert (job.state, book.state) == ("cancelled", "failed") and "停止" in book.problem
    assert [d for d, _t in seen] == sorted(d for d, _t in seen) and len(seen) >= 3
    assert not read.folder(book.pk).exists()
    write.drop_book(actor=ANALYST, id=book.pk)
    assert not Book.objects.exists()


def test_a_dropped_book_takes_its_files_with_it(whole: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "available", lambda: False)
    book = made(whole)
    place = read.folder(book.pk)
    assert place.is_dir()
    with pytest.raises(Forbidden):
        write.drop_book(actor=CHIEF, id=book.pk)
    write.drop_book(actor=ANALYST, id=book.pk)
    assert not place.exists() and not Book.objects.exists()


@printed
def test_every_shipped_unit_is_in_the_text_layer() -> None:
    with (settings.PACK.parent / "statistics" / "units.csv").open(encoding="utf-8") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    content = printing.pdf(
        "".join(f"<p>{n}</p>" for n in names), f'body {{ font-family: "{printing.FAMILY}" }}', strict=True
    )
    text = "".join(pages(content)).replace("\n", "")
    assert len(names) >= 31 and not [n for n in names if n not in text]
