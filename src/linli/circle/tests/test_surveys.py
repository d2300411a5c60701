"""The yearly survey: running it, answering it, what is refused, what the two matrices and the statements say."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection, connections

from linli.accounts.models import Audit
from linli.circle import rules
from linli.circle.actions import answers as write
from linli.circle.actions import surveys as run
from linli.circle.actions.answers import Said
from linli.circle.models import Answer, Catalogue, ResourceKind
from linli.circle.queries import catalogue as catalogue_reads
from linli.circle.queries import sheets as sheet_reads
from linli.circle.queries import surveys as read
from linli.core import clock
from linli.core.actor import SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal

from .conftest import AUDITOR, EAST, PLANNER, STREET

pytestmark = pytest.mark.django_db
CLERK = Actor("person", 3, "填报员", (Post(3, "community_worker", EAST),))
WEST = "110102018009"


def make(year: int = 0, *, opened: bool = True, name: str = "年度调查") -> int:
    today = clock.today()
    catalogue = catalogue_reads.catalogue_in_force("services")
    made = run.create_survey(actor=PLANNER, year=year or today.year, name=name, catalogue_id=catalogue.id,
                             opens_on=today, closes_on=today)  # fmt: skip
    if opened:
        run.open_survey(actor=PLANNER, survey_id=made)
    return made


@pytest.fixture
def survey(catalogues: None) -> int:
    return make()


def leaves(survey: int) -> list[str]:
    return [i.code for i in read.answered(survey).items]


def fill(survey: int, community: str = EAST, offer: str = "offered", but: int = 0, percent: int | None = None) -> int:
    """Answer all sub-items but the last `but`; returns the sheet's version."""
    codes = leaves(survey)
    said = [Said(c, offer, percent) for c in codes[: len(codes) - but]]
    return write.answer(actor=PLANNER, survey_id=survey, community=community, said=said).version


def test_every_community_has_a_sheet_those_without_a_boundary_too(survey: int) -> None:
    lines = sheet_reads.progress(actor=AUDITOR, survey_id=survey)
    assert len(lines) == 261 and {x.answered for x in lines} == {0} and {x.total for x in lines} == {186}
    groups = sheet_reads.by_subdistrict(lines)
    assert len(groups) == 15 and sum(g.sheets for g in groups) == 261
    with pytest.raises(Conflict):
        run.open_survey(actor=PLANNER, survey_id=survey)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"year": 1999}, "bad_year"),
        ({"name": " "}, "bad_name"),
        ({"closes_on": date(2020, 1, 1)}, "closes_before_opens"),
    ],
)
def test_what_is_no_survey_is_refused(catalogues: None, change: dict[str, object], code: str) -> None:
    given = {"year": 2026, "name": "调查", "opens_on": date(2026, 1, 1), "closes_on": date(2026, 2, 1),
             "catalogue_id": catalogue_reads.catalogue_in_force("services").id}  # fmt: skip
    with pytest.raises(Invalid) as refused:
        run.create_survey(actor=PLANNER, **(given | change))  # type: ignore[arg-type]
    assert refused.value.code == code and not read.surveys(actor=AUDITOR)
    living = catalogue_reads.catalogue_in_force("living").id
    with pytest.raises(Invalid):
        run.create_survey(actor=PLANNER, **(given | {"catalogue_id": living}))  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        run.create_survey(actor=STREET, **given)  # type: ignore[arg-type]


def test_a_sub_item_is_answered_once_and_the_last_answer_holds(survey: int) -> None:
    item = leaves(survey)[0]
    first = write.answer(actor=CLERK, survey_id=survey, community=EAST, said=[Said(item, "offered", 80)], version=1)
    assert (first.answered, first.total, first.alone, first.overtaken) == (1, 186, True, ())
    again = write.answer(
        actor=PLANNER, survey_id=survey, community=EAST, said=[Said(item, "suspended")], version=1, was={item: ""}
    )
    assert not again.alone and again.overtaken == ((item, "offered"),)
    assert Answer.objects.filter(sheet__survey=survey).values_list("offer", "fulfilled_pct").get() == (
        "suspended",
        None,
    )


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Said("999999", "offered"), "no_such_item"),
        (Said("01", "offered"), "no_such_item"),  # a class is not answered
        (Said("010101", "perhaps"), "bad_offer"),
        (Said("010101", "offered", 101), "bad_percent"),
        (Said("010101", "offered", -1), "bad_percent"),
        (Said("010101", "offered", None, "长" * 201), "long_evidence"),
        (Said("010101", "offered", None, "公示", date(2999, 1, 1)), "in_the_future"),
    ],
)
def test_what_is_no_answer_is_refused_whole(survey: int, said: Said, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        write.answer(actor=CLERK, survey_id=survey, community=EAST, said=[Said("010102", "offered"), said])
    assert refused.value.code == code and not Answer.objects.exists()


def test_only_the_own_community_and_those_above(survey: int) -> None:
    item = leaves(survey)[0]
    for community in (WEST, "110102001001"):
        with pytest.raises(Forbidden):
            write.answer(actor=CLERK, survey_id=survey, community=community, said=[Said(item, "offered")])
        with pytest.raises(Missing):
            sheet_reads.sheet(actor=CLERK, survey_id=survey, community=community)
    write.answer(actor=STREET, survey_id=survey, community=WEST, said=[Said(item, "offered")])
    with pytest.raises(Forbidden):
        write.answer(actor=AUDITOR, survey_id=survey, community=EAST, said=[Said(item, "offered")])
    with pytest.raises(Forbidden):
        write.answer_many(
            actor=CLERK, survey_id=survey, rows=[(EAST, Said(item, "offered")), (WEST, Said(item, "offered"))]
        )
    for action in (run.open_survey, run.close_survey, run.remind):
        with pytest.raises(Forbidden):
            action(actor=CLERK, survey_id=survey)
    with pytest.raises(Missing):
        write.answer(actor=SYSTEM, survey_id=survey, community="110102999999", said=[Said(item, "offered")])


def test_a_sheet_is_handed_in_complete_once_and_then_stands(survey: int) -> None:
    version = fill(survey, but=1)
    with pytest.raises(Invalid) as refused:
        write.submit(actor=CLERK, survey_id=survey, community=EAST, version=version)
    assert refused.value.code == "not_all_answered"
    version = fill(survey)
    with pytest.raises(Conflict):  # a colleague wrote in between
        write.submit(actor=CLERK, survey_id=survey, community=EAST, version=version - 1)
    write.submit(actor=CLERK, survey_id=survey, community=EAST, version=version)
    for again in (
        lambda: write.submit(actor=CLERK, survey_id=survey, community=EAST, version=version + 1),
        lambda: fill(survey),
        lambda: write.count_resources(actor=CLERK, survey_id=survey, community=EAST, counts={}),
    ):
        with pytest.raises(Conflict) as conflict:
            again()
        assert conflict.value.code == "submitted"
    sheet = sheet_reads.sheet(actor=CLERK, survey_id=survey, community=EAST).sheet
    with pytest.raises(Invalid):
        run.return_sheet(actor=PLANNER, survey_id=survey, community=EAST, note=" ", version=sheet.version)
    with pytest.raises(Conflict):
        run.return_sheet(actor=PLANNER, survey_id=survey, community=EAST, note="再看", version=sheet.version - 1)
    run.return_sheet(actor=PLANNER, survey_id=survey, community=EAST, note="依据不清", version=sheet.version)
    found = sheet_reads.sheet(actor=CLERK, survey_id=survey, community=EAST)
    assert found.editable and found.sheet.note == "依据不清"
    write.submit(actor=CLERK, survey_id=survey, community=EAST, version=fill(survey))


def test_after_the_end_nothing_changes_and_what_is_open_is_missing(survey: int) -> None:
    item = leaves(survey)[0]
    write.answer(actor=CLERK, survey_id=survey, community=EAST, said=[Said(item, "offered")])
    run.close_survey(actor=PLANNER, survey_id=survey)
    with pytest.raises(Conflict) as conflict:
        write.answer(actor=CLERK, survey_id=survey, community=EAST, said=[Said(item, "not_offered")])
    assert conflict.value.code == "not_open"
    with pytest.raises(Conflict):
        run.remind(actor=PLANNER, survey_id=survey)
    communities, items, state = read.provided(survey)
    assert state.shape == (261, 186) == (len(communities), len(items))
    assert state[communities.index(EAST), 0] == rules.YES and (state == rules.MISSING).sum() == 261 * 186 - 1


def test_a_closed_survey_is_opened_again_with_a_reason_and_until_a_day_to_come(survey: int) -> None:
    item, later = leaves(survey)[0], clock.today() + timedelta(days=9)
    with pytest.raises(Conflict):
        run.reopen_survey(actor=PLANNER, survey_id=survey, reason="漏了", closes_on=later)
    run.close_survey(actor=PLANNER, survey_id=survey)
    with pytest.raises(Forbidden):
        run.reopen_survey(actor=CLERK, survey_id=survey, reason="漏了", closes_on=later)
    for change, code in (
        ({"reason": "  "}, "no_reason"),
        ({"closes_on": clock.today() - timedelta(1)}, "closes_in_past"),
    ):
        with pytest.raises(Invalid) as refused:
            run.reopen_survey(
                **{"actor": PLANNER, "survey_id": survey, "reason": "漏了", "closes_on": later} | change  # type: ignore[arg-type]
            )
        assert refused.value.code == code
    run.reopen_survey(actor=PLANNER, survey_id=survey, reason="三个社区  漏填", closes_on=later)
    row = read.survey(actor=PLANNER, survey_id=survey)
    assert (row.state, row.closes_on) == ("open", later)
    write.answer(actor=CLERK, survey_id=survey, community=EAST, said=[Said(item, "offered")])
    line = Audit.objects.filter(target=f"survey:{survey}").latest("pk")
    assert line.actor == PLANNER.label and "三个社区 漏填" in str(line.body) and "reopen" in str(line.body)


def test_a_version_that_was_withdrawn_still_serves_the_survey_that_refers_to_it(survey: int) -> None:
    catalogue = catalogue_reads.catalogue_in_force("services")
    Catalogue.objects.filter(pk=catalogue.id).update(state="retired", valid_to=clock.today())
    with pytest.raises(Missing):
        catalogue_reads.catalogue_in_force("services")
    version = fill(survey, percent=95)
    write.submit(actor=CLERK, survey_id=survey, community=EAST, version=version)
    assert read.statements(survey)[3].number == 1
    assert sheet_reads.sheet(actor=CLERK, survey_id=survey, community=EAST).left == 0


def test_the_two_matrices_and_each_statement_from_its_own(survey: int) -> None:
    codes = leaves(survey)
    everywhere, nowhere = codes[0], codes[1]
    communities = [x.sheet.community for x in sheet_reads.progress(actor=AUDITOR, survey_id=survey)]
    rows = [(c, Said(everywhere, "offered", 100)) for c in communities]
    rows += [(c, Said(nowhere, "not_offered", 95 if n else 80)) for n, c in enumerate(communities[:2])]
    assert [r[2] for r in write.answer_many(actor=PLANNER, survey_id=survey, rows=rows)] == [None] * 263
    fill(survey, percent=None)  # one community offers everything and reports nothing more
    write.answer(actor=CLERK, survey_id=survey, community=EAST, said=[Said(everywhere, "offered", 100)])
    said = {s.key: s for s in read.statements(survey)}
    most, whole = said["fulfilled_most"], said["fulfilled_whole"]
    assert (most.number, most.among, most.missing) == (1, 2, 184) and str(most.matrix) == "fulfilled"
    assert (whole.number, whole.among) == (1, 2)
    everywhere_said, complete = said["items_everywhere"], said["communities_complete"]
    assert (everywhere_said.number, everywhere_said.among, everywhere_said.missing) == (1, 2, 184)
    assert (complete.number, complete.among, complete.missing) == (1, 3, 258)
    assert str(complete.matrix) == "provided"
    _c, _i, percent = read.fulfilled(survey)
    assert np.isfinite(percent).sum() == 261 + 2 and np.nanmin(percent) == 80
    niujie = {s.key: s for s in read.statements(survey, "110102018")}
    assert niujie["items_everywhere"].among == 1


def test_suspended_is_no_and_never_missing(survey: int) -> None:
    item = leaves(survey)[0]
    write.answer(actor=CLERK, survey_id=survey, community=EAST, said=[Said(item, "suspended")])
    communities, _items, state = read.provided(survey)
    assert state[communities.index(EAST), 0] == rules.NO


def test_as_last_year_fills_what_is_open_and_nothing_else(catalogues: None) -> None:
    this_year = clock.today().year
    before = make(this_year - 1)
    codes = leaves(before)
    old = [Said(c, "offered", 90, "公示栏", date(2025, 5, 1)) for c in codes[:5]]
    write.answer(actor=CLERK, survey_id=before, community=EAST, said=old)
    run.close_survey(actor=PLANNER, survey_id=before)
    now = make(this_year)
    write.answer(actor=CLERK, survey_id=now, community=EAST, said=[Said(codes[0], "suspended")])
    assert write.as_last_year(actor=CLERK, survey_id=now, community=EAST, class_code="01") == 4
    found = sheet_reads.sheet(actor=CLERK, survey_id=now, community=EAST)
    assert found.last_year == this_year - 1 and found.answers[codes[0]].offer == "suspended"
    assert found.answers[codes[1]].evidence == "公示栏" and found.answered == 5
    with pytest.raises(Invalid):
        write.as_last_year(actor=CLERK, survey_id=now, community=EAST, class_code="01")
    moved = read.moved(now, before)
    assert [m.item.code for m in moved] == [codes[0]] and moved[0].change == -100


def test_the_next_open_sub_item_goes_round(survey: int) -> None:
    codes = leaves(survey)
    write.answer(actor=CLERK, survey_id=survey, community=EAST, said=[Said(c, "offered") for c in codes[1:-1]])
    found = sheet_reads.sheet(actor=CLERK, survey_id=survey, community=EAST)
    following = found.next_open("02")
    assert following is not None and following.code == codes[-1]
    around = found.next_open(codes[-1])
    assert around is not None and around.code == codes[0] and found.left == 2


def test_reminders_go_to_those_who_have_not_finished(survey: int) -> None:
    write.submit(actor=CLERK, survey_id=survey, community=EAST, version=fill(survey))
    assert run.remind(actor=PLANNER, survey_id=survey, communities=[WEST, EAST]) == 1
    assert run.remind(actor=PLANNER, survey_id=survey) == 260
    (mine,) = sheet_reads.to_fill(actor=CLERK)
    assert mine.done and mine.sheet.reminded_at is None
    other = Actor("person", 9, "填报员", (Post(9, "community_worker", WEST),))
    (line,) = sheet_reads.to_fill(actor=other)
    assert line.sheet.reminded_at is not None and not line.done


def test_resources_are_counted_or_missing_never_zero_by_silence(survey: int) -> None:
    assert run.load_resource_kinds(actor=SYSTEM) == 39 == ResourceKind.objects.count()
    assert set(ResourceKind.objects.values_list("group", flat=True)) == {"organisations", "facilities"}
    counts: dict[str, int | None] = {"O01": 1, "F01": 0, "F02": 3}
    assert write.count_resources(actor=CLERK, survey_id=survey, community=EAST, counts=counts) == 3
    assert write.count_resources(actor=CLERK, survey_id=survey, community=EAST, counts={"F02": None}) == 2
    write.count_resources(actor=STREET, survey_id=survey, community=WEST, counts={"O01": 4})
    totals = {
        t.kind.code: t for t in sheet_reads.resource_totals(actor=AUDITOR, survey_id=survey, division="110102018")
    }
    among = totals["O01"].communities + totals["O01"].missing
    assert (totals["O01"].count, totals["O01"].communities) == (5, 2)
    assert (totals["F01"].count, totals["F01"].communities) == (0, 1)
    assert (totals["F02"].communities, totals["F02"].missing) == (0, among)
    for wrong in ({"X99": 1}, {"O01": -1}, {"O01": 10**7}):
        with pytest.raises(Invalid):
            write.count_resources(actor=CLERK, survey_id=survey, community=EAST, counts=wrong)


@pytest.mark.django_db(transaction=True)
def test_a_sheet_given_back_by_many_at_once_is_given_back_once(survey: int) -> None:
    version = fill(survey)
    write.submit(actor=CLERK, survey_id=survey, community=EAST, version=version)
    seen = sheet_reads.sheet(actor=CLERK, survey_id=survey, community=EAST).sheet.version
    start, said = threading.Barrier(6), []

    def give_back() -> None:
        try:
            start.wait()
            run.return_sheet(actor=PLANNER, survey_id=survey, community=EAST, note="再看", version=seen)
            said.append("back")
        except Refusal as refusal:
            said.append(refusal.code)
        except Exception as error:
            said.append(type(error).__name__)  # SQLite may be busy: the web answers 503
        finally:
            connections.close_all()

    threads = [threading.Thread(target=give_back) for _n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert said.count("back") == 1, said
    assert sheet_reads.sheet(actor=CLERK, survey_id=survey, community=EAST).sheet.version == seen + 1
    if connection.vendor == "postgresql":
        assert said.count("not_returnable") == 5
