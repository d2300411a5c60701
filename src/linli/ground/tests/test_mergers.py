"""A merger: compared, decided line by line, approved by somebody else, in force, taken back."""

from __future__ import annotations

from contextlib import suppress

import pytest

from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.flow.models import Journal
from linli.ground import merging
from linli.ground.actions import mergers
from linli.ground.choices import Finding, Net
from linli.ground.models import Duty, MergeLine, NetMerger
from linli.ground.queries import duties
from linli.ground.queries import mergers as reads
from linli.ground.tests.net_samples import by_community, compared, file_of, known, put, tell
from linli.territory import queries as territory
from linli.testing.fixtures import Cast


def decide_all(merger: NetMerger) -> None:
    """Largest shares where there are any, nobody elsewhere."""
    ids = list(MergeLine.objects.filter(merger=merger, decided=False).values_list("pk", flat=True))
    for at in range(0, len(ids), 3000):
        with suppress(Invalid):  # where none of them is claimed
            mergers.decide_largest(actor=SYSTEM, merger=merger, line_ids=ids[at : at + 3000], reason="")
    # the third net has no data anywhere: written here at once, through the action it would be 2,400 journal lines
    rows = MergeLine.objects.filter(merger=merger, decided=False)
    assert all(not merging.sums(c) for c in rows.values_list("claims", flat=True))
    stamp = MergeLine.objects.filter(merger=merger, decided=True).values_list("decided_at", flat=True)[0]
    rows.update(decided=True, decided_at=stamp, decided_by="system")


def in_force(merger: NetMerger, district: Cast) -> NetMerger:
    decide_all(merger)
    merger = mergers.merger_of(merger.pk)
    mergers.submit(actor=district.actor("planner"), merger=merger, version=merger.matter.version)
    merger = mergers.merger_of(merger.pk)
    mergers.approve(actor=district.actor("chief"), merger=merger, version=merger.matter.version)
    return mergers.merger_of(merger.pk)


def test_every_base_grid_has_one_line_for_each_net(district: Cast) -> None:
    merger = compared()
    grids = set(territory.grid_codes())
    for net in Net.values:
        rows = MergeLine.objects.filter(merger=merger, net=net)
        assert set(rows.values_list("code", flat=True)) == grids and rows.count() == len(grids)
    said = merger.summary["nets"]
    assert said[Net.CITY][Finding.ONE] == len(grids) and said[Net.CITY]["agreeing"] > 0.99
    assert said[Net.SERVICE]["area_m2"] > 0 and 5 < said[Net.SERVICE]["mean_m"] < 60
    assert said[Net.SERVICE]["agreeing"] < 0.9
    assert said[Net.SECURITY]["missing"] == len(grids) and said[Net.SECURITY]["agreeing"] is None
    assert merger.matter.stage == "open"
    for claims, uncovered in MergeLine.objects.filter(merger=merger, net=Net.SERVICE).values_list(
        "claims", "uncovered"
    ):
        assert sum(s for _c, _b, s in claims) + uncovered == pytest.approx(1, abs=2e-3)


def test_no_data_is_not_nobody(district: Cast) -> None:
    first = min(territory.cells())[:12]
    rows = [
        ({**said, "body": ""} if said["code"] == first else said, g) for said, g in by_community(lambda _c: known()[0])
    ]
    last = max(said["code"] for said, _g in rows)
    put(Net.CITY, file_of([r for r in rows if r[0]["code"] != last]))
    merger = mergers.open_merger(actor=SYSTEM, name="一张网")
    mergers.compute(merger_id=merger.pk, tell=tell)
    nobody = reads.matching(merger.pk, reads.Wanted(net=Net.CITY, finding=Finding.NONE))
    missing = reads.matching(merger.pk, reads.Wanted(net=Net.CITY, finding=reads.MISSING))
    assert {c[:12] for c in nobody.values_list("code", flat=True)} == {first}
    assert {c[:12] for c in missing.values_list("code", flat=True)} == {last}


def test_a_line_is_decided_once_and_its_reason_is_sealed(district: Cast) -> None:
    merger, planner = compared(), district.actor("planner")
    line = MergeLine.objects.filter(merger=merger, finding=Finding.SEVERAL).first()
    assert line is not None
    before = reads.progress(merger.pk)[""]
    claimed = reads.line_view(line).claims[1]
    done = mergers.decide(
        actor=planner, merger=merger, line_id=line.pk, seen=0, body=claimed.body_code, reason="按现状管护"
    )
    assert done.decided and done.decided_by == planner.label
    assert reads.progress(merger.pk)[""] == (before[0] - 1, before[1])
    with pytest.raises(Conflict) as late:
        mergers.decide(actor=planner, merger=merger, line_id=line.pk, seen=0, body=claimed.body_code, reason="")
    assert late.value.code == "decided_meanwhile"
    entry = Journal.objects.filter(matter_id=merger.pk).order_by("-seq")[0]
    assert entry.verb == "decide" and "按现状管护" not in entry.body and line.code in entry.body
    assert reads.history(merger, personal=True)[-1].personal == {"reason": "按现状管护"}
    again = mergers.decide(actor=planner, merger=merger, line_id=line.pk, seen=done.decided_seq or 0,
                           body=mergers.NOBODY, reason="没有设施")  # fmt: skip
    assert again.decided and again.body_id is None


def test_bad_decisions_say_what_is_missing(district: Cast) -> None:
    merger = compared()
    line = MergeLine.objects.filter(merger=merger, finding=Finding.SEVERAL).first()
    assert line is not None
    for body, reason, field in (("nowhere", "", "body"), (mergers.NOBODY, "", "reason"), (known()[3], "", "reason"),
                                (known()[3], "长" * 501, "reason")):  # fmt: skip
        with pytest.raises(Invalid) as wrong:
            mergers.decide(actor=SYSTEM, merger=merger, line_id=line.pk, seen=0, body=body, reason=reason)
        assert field in wrong.value.fields
    with pytest.raises(Missing):
        mergers.decide(actor=SYSTEM, merger=merger, line_id=10**9, seen=0, body=known()[0], reason="")
    with pytest.raises(Forbidden):
        mergers.decide(
            actor=district.actor("auditor"), merger=merger, line_id=line.pk, seen=0, body=known()[0], reason=""
        )
    with pytest.raises(Invalid) as early:
        mergers.submit(actor=SYSTEM, merger=merger, version=merger.matter.version)
    assert early.value.code == "undecided"
    assert not MergeLine.objects.get(pk=line.pk).decided


def test_many_at_once_leave_one_line_that_says_how_many(district: Cast) -> None:
    merger = compared()
    rows = MergeLine.objects.filter(merger=merger, decided=False, net=Net.SERVICE)
    ids = list(rows.values_list("pk", flat=True)[:20])
    lines = Journal.objects.filter(matter_id=merger.pk).count()
    done, left = mergers.decide_largest(actor=SYSTEM, merger=merger, line_ids=ids, reason="占得最多的负责")
    assert (done, left) == (20, 0) and Journal.objects.filter(matter_id=merger.pk).count() == lines + 1
    for r in MergeLine.objects.filter(pk__in=ids):
        assert r.body_id == merging.sums(r.claims)[0][0]
    with pytest.raises(Invalid) as nothing:
        mergers.decide_largest(actor=SYSTEM, merger=merger, line_ids=ids, reason="")
    assert nothing.value.code == "nothing_to_decide"


def test_approved_by_another_it_says_who_answers_and_undo_brings_back_who_did(district: Cast) -> None:
    first = compared()
    decide_all(first)
    first = mergers.merger_of(first.pk)
    admin = district.actor("administrator")
    mergers.submit(actor=admin, merger=first, version=first.matter.version)
    first = mergers.merger_of(first.pk)
    with pytest.raises(Forbidden) as own:
        mergers.approve(actor=admin, merger=first, version=first.matter.version)
    assert own.value.code == "own_draft" and not Duty.objects.exists()
    mergers.approve(actor=district.actor("chief"), merger=first, version=first.matter.version)
    code = territory.grid_codes()[0]
    was = duties.duty_at(Net.CITY, code)
    assert was is not None and was.code in known()
    assert [d.net for d in duties.duties_of(code)] == Net.values and duties.duties_of(code)[2].body is None
    n = Duty.objects.filter(valid_to=None).count()

    other = next(c for c in known() if c != was.code)
    put(Net.CITY, file_of(by_community(lambda _c: other)))
    second = mergers.open_merger(actor=SYSTEM, name="第二次")
    mergers.compute(merger_id=second.pk, tell=tell)
    second = in_force(second, district)
    assert mergers.merger_of(first.pk).matter.stage == "superseded"
    now = duties.duty_at(Net.CITY, code)
    assert now is not None and now.code == other
    mergers.undo(actor=district.actor("chief"), merger=second, version=second.matter.version, reason="有误")
    assert mergers.merger_of(first.pk).matter.stage == "in_force"
    assert mergers.merger_of(second.pk).matter.stage == "superseded"
    assert duties.duty_at(Net.CITY, code) == was and Duty.objects.filter(valid_to=None).count() == n


def test_a_moved_grid_asks_for_a_new_merger(district: Cast) -> None:
    merger = compared()
    decide_all(merger)
    MergeLine.objects.filter(merger=merger, code=territory.grid_codes()[0]).delete()
    with pytest.raises(Conflict) as moved:
        mergers.submit(actor=SYSTEM, merger=mergers.merger_of(merger.pk), version=merger.matter.version)
    assert moved.value.code == "base_moved"


def test_sent_back_and_let_go(district: Cast) -> None:
    merger = compared()
    decide_all(merger)
    merger = mergers.merger_of(merger.pk)
    mergers.submit(actor=SYSTEM, merger=merger, version=merger.matter.version)
    merger = mergers.merger_of(merger.pk)
    with pytest.raises(Invalid):
        mergers.send_back(actor=SYSTEM, merger=merger, version=merger.matter.version, reason=" ")
    mergers.send_back(actor=SYSTEM, merger=merger, version=merger.matter.version, reason="再核一遍")
    merger = mergers.merger_of(merger.pk)
    assert merger.matter.stage == "open"
    mergers.withdraw(actor=SYSTEM, merger=merger, version=merger.matter.version, reason="不做了")
    assert mergers.merger_of(merger.pk).matter.stage == "withdrawn"


def test_nothing_to_merge_and_bad_numbers(district: Cast) -> None:
    with pytest.raises(Invalid) as wrong:
        mergers.open_merger(actor=SYSTEM, name="空的", share=0.9, tolerance_m=0)
    assert set(wrong.value.fields) == {"name", "share", "tolerance_m"}


@pytest.mark.parametrize(
    ("claims", "finding", "body"),
    [
        ([], Finding.NONE, None),
        ([["a", None, 1.0]], Finding.NONE, None),
        ([["a", 1, 1.0]], Finding.ONE, 1),
        ([["a", 1, 0.6], ["b", 1, 0.4]], Finding.ONE, 1),
        ([["a", 1, 0.95], ["b", 2, 0.05]], Finding.BORDER, 1),
        ([["a", 1, 0.9], ["b", 2, 0.1]], Finding.SEVERAL, None),
        ([["a", 1, 0.05], ["b", 2, 0.06]], Finding.NONE, None),
        ([["a", 1, 0.05], ["b", 1, 0.06]], Finding.BORDER, 1),
    ],
)
def test_findings(claims: list[list[object]], finding: str, body: int | None) -> None:
    assert merging.finding_of(claims, 0.1) == (finding, body)
