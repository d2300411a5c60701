"""A large import: checked by a job, staged in parts, there at once or not at all; cut short it is taken up or thrown away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from linli.circle.actions import facilities as one
from linli.circle.actions import import_parts as parts
from linli.circle.actions import imports as act
from linli.circle.actions import plans
from linli.circle.models import Facility, FacilityChange, FacilityImport, ImportedChange, Plan, Span
from linli.circle.queries import catalogue as catalogue_reads
from linli.circle.queries import facility_list, import_shown, open_facilities
from linli.circle.queries import imports as read
from linli.circle.queries.reach import Edit
from linli.core import clock
from linli.core.errors import Conflict, Invalid
from linli.jobs import actions as jobs
from linli.jobs.models import Job
from linli.jobs.worker import run_until_empty
from linli.testing.fixtures import Cast

from .conftest import PLANNER, spot
from .test_imports import row, take

pytestmark = pytest.mark.django_db
Csv = Callable[..., bytes]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows are a part, four a large file."""
    monkeypatch.setattr(parts, "PART", 3)
    monkeypatch.setattr(import_shown, "AT_ONCE", 4)


def rows(n: int, **more: object) -> list[dict[str, object]]:
    lon, lat = spot()
    return [row(编号=f"A{i}", 名称=f"第{i}药店", 经度=lon + i * 1e-5, 纬度=lat, **more) for i in range(n)]


def seen() -> set[str]:
    """What any reader sees: the table, the list, the history."""
    table = set(open_facilities(clock.today()).code.tolist())
    listed = facility_list.found(actor=PLANNER, wanted=facility_list.Wanted(state="all"), catalogue=None)
    assert table == set(listed.values_list("code", flat=True)) == set(Facility.objects.values_list("code", flat=True))
    return table


class Cut(Exception):
    """The worker is gone."""


def cut_after(n: int) -> Callable[[int, int], None]:
    """Progress that stops the work once `n` of the rows are staged."""

    def progress(done: int, total: int) -> None:
        if done >= total // 2 + n and done < total:
            raise Cut

    return progress


def begun(data: bytes, expected: int) -> int:
    id = take(data)
    act.begin(actor=PLANNER, id=id, expected=expected)
    return id


def test_nothing_is_seen_before_the_end_and_a_cut_write_is_taken_up(catalogues: None, as_csv: Csv) -> None:
    act.confirm(actor=PLANNER, id=take(as_csv(rows(4))), expected=4)
    before = list(Facility.objects.order_by("pk").values())
    id = begun(as_csv(rows(10, 地址="新地址")), 10)
    with pytest.raises(Cut):
        act.write(actor=PLANNER, id=id, progress=cut_after(7))
    assert Facility.everything.filter(staged=True).count() == 6 and ImportedChange.objects.filter(origin=id).exists()
    assert seen() == {f"city:A{i}" for i in range(4)} and list(Facility.objects.order_by("pk").values()) == before
    assert not FacilityChange.objects.filter(verb="changed").exists()
    first = set(Facility.everything.filter(staged=True).values_list("pk", flat=True))
    done = act.write(actor=PLANNER, id=id)
    assert (done.state, done.report["added"], done.report["changed"]) == ("done", 6, 4)
    assert seen() == {f"city:A{i}" for i in range(10)} and Facility.objects.filter(address="新地址").count() == 10
    assert first <= set(Facility.objects.values_list("pk", flat=True)), "what was staged was taken up, not made again"
    assert Span.objects.count() == 10 and FacilityChange.objects.filter(verb="changed").count() == 4
    assert not Facility.everything.filter(staged=True).exists()
    assert not ImportedChange.objects.filter(origin=id, back=False).exists()


def test_a_cut_write_is_thrown_away_without_a_trace(catalogues: None, as_csv: Csv) -> None:
    id = begun(as_csv(rows(8)), 8)
    with pytest.raises(Cut):
        act.write(actor=PLANNER, id=id, progress=cut_after(4))
    act.take_back(actor=PLANNER, id=id)
    with pytest.raises(Conflict):
        act.take_back(actor=PLANNER, id=id)
    assert act.clear(actor=PLANNER, id=id) == 6 and act.clear(actor=PLANNER, id=id) == 0
    assert not Facility.everything.exists() and not Span.objects.exists() and not FacilityChange.objects.exists()
    assert FacilityImport.objects.get(pk=id).state == "waiting"
    act.remap(
        actor=PLANNER, id=id, columns=FacilityImport.objects.get(pk=id).mapping["columns"], fixed_class="", scheme="city", datum="wgs84"
    )  # fmt: skip
    assert act.confirm(actor=PLANNER, id=id, expected=8).report["added"] == 8


def test_leftovers_of_a_throwing_away_that_was_cut_short_go_daily_or_with_the_next_write(
    catalogues: None, as_csv: Csv
) -> None:
    id = begun(as_csv(rows(8)), 8)
    with pytest.raises(Cut):
        act.write(actor=PLANNER, id=id, progress=cut_after(4))
    assert act.sweep() == 0, "a write that may be taken up keeps its rows"
    act.take_back(actor=PLANNER, id=id)
    assert act.confirm(actor=PLANNER, id=id, expected=8).report["added"] == 8 and len(seen()) == 8
    act.undo(actor=PLANNER, id=id)
    assert not seen() and Facility.everything.count() == 8
    assert act.sweep() == 8 and not Facility.everything.exists()


def test_whoever_was_overtaken_writes_no_more(catalogues: None, as_csv: Csv) -> None:
    id = begun(as_csv(rows(8)), 8)

    def overtaken(done: int, total: int) -> None:
        if done == 8 + 3:
            act.take_back(actor=PLANNER, id=id)

    with pytest.raises(Conflict):
        act.write(actor=PLANNER, id=id, progress=overtaken)
    assert Facility.everything.count() == 3 and not Facility.objects.exists()
    assert FacilityImport.objects.get(pk=id).state == "waiting"


@pytest.mark.parametrize("what", ["changed", "taken"])
def test_what_somebody_wrote_meanwhile_stops_all_of_it(catalogues: None, as_csv: Csv, what: str) -> None:
    act.confirm(actor=PLANNER, id=take(as_csv(rows(2))), expected=2)
    id = begun(as_csv(rows(8, 地址="新地址")), 8)

    def meddle(done: int, total: int) -> None:
        if done != total:
            return
        if what == "changed":
            there = Facility.objects.get(code="city:A1")
            facts = one.FacilityFacts(name="别人改的", scheme="city", class_key="药店", source="x")
            one.change_facility(actor=PLANNER, id=there.pk, version=1, facts=facts)
        else:
            Facility.everything.filter(code="city:A5").update(staged=False)

    with pytest.raises(Conflict) as refused:
        act.write(actor=PLANNER, id=id, progress=meddle)
    assert refused.value.code == "changed_meanwhile"
    assert not Facility.objects.filter(address="新地址").exclude(code="city:A5").exists()
    assert FacilityImport.objects.get(pk=id).state == "waiting"


def test_a_number_taken_by_another_file_that_is_being_written_is_refused(catalogues: None, as_csv: Csv) -> None:
    first, second = begun(as_csv(rows(5)), 5), begun(as_csv(rows(5, 地址="别的")), 5)
    with pytest.raises(Cut):
        act.write(actor=PLANNER, id=first, progress=cut_after(3))
    with pytest.raises(Conflict):
        act.write(actor=PLANNER, id=second)
    assert act.write(actor=PLANNER, id=first).report["added"] == 5
    assert set(Facility.objects.values_list("origin", flat=True)) == {first} and Facility.everything.count() == 5


def test_an_undo_is_seen_at_once_and_brings_back_days_and_words(catalogues: None, as_csv: Csv) -> None:
    act.confirm(actor=PLANNER, id=take(as_csv(rows(3, 开放日期="2020-01-01"))), expected=3)
    kept = ("code", "name", "address", "lon", "lat", "community", "class_key")
    before = list(Facility.objects.order_by("code").values(*kept))
    id = take(as_csv(rows(6, 开放日期="2021-02-03", 地址="改过")))
    act.confirm(actor=PLANNER, id=id, expected=6)
    assert set(Span.objects.values_list("opened_on", flat=True)) == {clock.today().replace(2021, 2, 3)}
    act.undo(actor=PLANNER, id=id)
    assert list(Facility.objects.order_by("code").values(*kept)) == before and len(seen()) == 3
    assert set(Span.objects.filter(facility__staged=False).values_list("opened_on", flat=True)) == {
        clock.today().replace(2020, 1, 1)
    }
    assert {c.note for c in Facility.objects.get(code="city:A0").changes.filter(after__address="")} == {"撤销导入"}
    act.clear(actor=PLANNER, id=id)
    assert (
        Facility.everything.count() == Span.objects.count() == 3
        and not ImportedChange.objects.filter(origin=id).exists()
    )


def test_what_a_plan_speaks_of_is_not_taken_away(catalogues: None, as_csv: Csv) -> None:
    id = take(as_csv(rows(3)))
    act.confirm(actor=PLANNER, id=id, expected=3)
    there = Facility.objects.get(code="city:A1")
    wanted: dict[str, Any] = {
        "actor": PLANNER, "name": "搬", "note": "", "catalogue_id": catalogue_reads.catalogue_in_force("services").id,
        "on": clock.today(), "pace": "adult", "edits": [Edit("remove", facility=there.pk)],
    }  # fmt: skip
    plan = plans.save_plan(**wanted)
    with pytest.raises(Conflict) as refused:
        act.undo(actor=PLANNER, id=id)
    assert refused.value.code == "used_since" and len(seen()) == 3
    Plan.objects.filter(pk=plan).delete()
    act.undo(actor=PLANNER, id=id)
    with pytest.raises(Invalid):
        plans.save_plan(**wanted)


@pytest.mark.django_db(transaction=True)
def test_two_who_write_one_import_write_it_once(catalogues: None, as_csv: Csv) -> None:
    id = begun(as_csv(rows(8)), 8)
    start, said = threading.Barrier(3), []

    def press() -> None:
        try:
            start.wait()
            act.write(actor=PLANNER, id=id)
            said.append("done")
        except Exception as error:
            said.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _n in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    row = FacilityImport.objects.get(pk=id)
    if row.state == "waiting":  # all were overtaken or the database was busy: it waits, and nothing is there
        assert not Facility.objects.exists()
    elif row.state == "writing":
        assert act.write(actor=PLANNER, id=id).report["added"] == 8
    assert said.count("done") <= 1 and Facility.objects.count() in (0, 8)


# --- the pages ------------------------------------------------------------------------------------------------
def upload(client: Any, data: bytes) -> str:
    there = client.post(
        "/circle/facilities/import/",
        {"file": SimpleUploadedFile("大表.csv", data), "scheme": "city", "datum": "wgs84", "source": "清单", "provenance": "sourced"},
    )  # fmt: skip
    assert there.status_code == 302, there.content.decode()[-1500:]
    return str(there.url)


def test_a_large_file_is_checked_written_and_cleared_by_jobs(district: Cast, catalogues: None, as_csv: Csv) -> None:
    client = district.client("planner")
    address = upload(client, as_csv([*rows(8), row(编号="B2", 名称="第3药店"), row(编号="B1", 名称="")]))
    waiting = client.get(address)
    assert waiting.status_code == 200 and "导入这" not in waiting.content.decode()
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 204
    assert run_until_empty() == 1
    assert client.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = client.get(address)
    found = page.context["found"]
    assert (found.taken, found.new, len(found.refused), found.twice_count) == (9, 9, 1, 1)
    assert "文件里像是重复" in page.content.decode()
    client.post(f"{address}confirm", {"expected": 9, "seen": found.stamp})
    assert "正在导入" in client.get(address).content.decode() and not Facility.objects.exists()
    assert run_until_empty() == 1
    assert len(seen()) == 9 and client.get(address).context["row"].state == "done"
    client.post(f"{address}undo")
    assert not seen() and "正在后台清理" in client.get(address).content.decode()
    assert run_until_empty() == 1 and not Facility.everything.exists()


def test_a_stopped_job_leaves_the_choice_to_go_on_or_back(district: Cast, catalogues: None, as_csv: Csv) -> None:
    client = district.client("planner")
    address = upload(client, as_csv(rows(9)))
    check = Job.objects.get()
    jobs.cancel(actor=district.actor("planner"), id=check.pk)
    assert "重新核对" in client.get(address).content.decode()
    client.post(f"{address}again", {"what": "check"})
    run_until_empty()
    found = client.get(address).context["found"]
    client.post(f"{address}confirm", {"expected": 9, "seen": found.stamp})
    jobs.cancel(actor=district.actor("planner"), id=Job.objects.order_by("-created_at")[0].pk)
    assert "接着写入" in client.get(address).content.decode()
    client.post(f"{address}again", {"what": "go"})
    client.post(f"{address}again", {"what": "back"})  # the job is open: nothing is thrown away under it
    assert FacilityImport.objects.get().state == "writing"
    run_until_empty()
    assert len(seen()) == 9 and FacilityImport.objects.get().state == "done"


def test_a_check_of_columns_that_were_said_anew_is_not_kept(catalogues: None, as_csv: Csv) -> None:
    id = take(as_csv(rows(5)))

    def again(done: int, total: int) -> None:
        if done == 0:
            act.remap(actor=PLANNER, id=id, columns={"name": "名称"}, fixed_class="", scheme="city", datum="wgs84")

    with pytest.raises(Conflict):
        act.check(actor=PLANNER, id=id, progress=again)
    assert import_shown.kept(FacilityImport.objects.get(pk=id)) is None
    act.check(actor=PLANNER, id=id)
    kept = import_shown.kept(FacilityImport.objects.get(pk=id))
    assert kept is not None and (kept.taken, kept.stamp) == (0, read.stamp(FacilityImport.objects.get(pk=id)))


def test_whoever_was_overtaken_clears_nothing_of_the_next_turn(catalogues: None, as_csv: Csv) -> None:
    """Both ways in which a slow writer's clearing could take what another staged, or has shown since."""
    id = begun(as_csv(rows(8)), 8)
    with pytest.raises(Cut):
        act.write(actor=PLANNER, id=id, progress=cut_after(3))
    staged = Facility.everything.filter(staged=True).count()
    assert staged
    overtaken = FacilityImport.objects.get(pk=id)
    FacilityImport.objects.filter(pk=id).update(turn=overtaken.turn + 1)
    with pytest.raises(Conflict):
        parts.clear(overtaken, writing=True)
    assert Facility.everything.filter(staged=True).count() == staged

    def shown_meanwhile(done: int, total: int) -> None:
        Facility.everything.update(staged=False)

    parts.clear(FacilityImport.objects.get(pk=id), shown_meanwhile)
    assert Facility.objects.count() == staged
