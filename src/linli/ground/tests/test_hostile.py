"""What a hostile colleague, a careless planner or bad luck try on the ground: each of these once went wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from linli.accounts import actions as accounts
from linli.accounts.models import PostHeld
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden
from linli.flow import actions as flow
from linli.flow import rezone
from linli.ground.actions import carrying, catalogue, changes, mergers
from linli.ground.actions.duties import carry_duties, put_duties_back
from linli.ground.choices import CatalogueState, ChangeKind, Finding, Net
from linli.ground.mapping import Line
from linli.ground.models import Duty, GridMatterCatalogue, GroundChange, MergeLine, NetMerger
from linli.ground.rules import MERGER
from linli.organisations import actions as organisation_actions
from linli.organisations import queries as organisations
from linli.organisations.models import Body
from linli.territory import queries as territory
from linli.testing.fixtures import Cast

from .net_samples import tell

FROM, INTO, THIRD = "110102018", "110102012", "110102010"


def approved(*lines: Line) -> GroundChange:
    """A change that waits for its start today."""
    change = changes.open_change(actor=SYSTEM, kind=ChangeKind.BORDERS, name="试改界线")
    changes.put_lines(actor=SYSTEM, change=change, version=1, lines=lines)
    change = changes.change_of(change.pk)
    changes.submit(actor=SYSTEM, change=change, version=change.matter.version, effective_on=clock.today())
    change = changes.change_of(change.pk)
    changes.approve(actor=SYSTEM, change=change, version=change.matter.version)
    return changes.change_of(change.pk)


def started(change: GroundChange) -> GroundChange:
    carrying.start(actor=SYSTEM, change=change, version=change.matter.version)
    return changes.change_of(change.pk)


def carried(*lines: Line) -> GroundChange:
    change = started(approved(*lines))
    carrying.carry_out(change_id=change.pk, tell=tell)
    return changes.change_of(change.pk)


def undone(change: GroundChange) -> None:
    carrying.start_undo(actor=SYSTEM, change=change, version=change.matter.version, reason="改错了")
    carrying.undo(change_id=change.pk, tell=tell)


# --- one change at a time -----------------------------------------------------------------------------------
def test_nothing_begins_while_another_change_is_half_done(district: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Matters of the first stand at codes that are gone: the second would not find them."""
    first, second = approved(Line("merge", FROM, INTO)), approved(Line("rename", THIRD, THIRD, "试名街道", "试名"))
    first = started(first)
    with pytest.raises(Conflict) as carrying_now:
        started(second)
    assert carrying_now.value.code == "another_unfinished"

    def held(*_args: object, **_more: object) -> None:
        raise Conflict("still_held", "别人正在办理")

    with monkeypatch.context() as broken:
        broken.setattr(rezone, "rezone", held)
        with pytest.raises(Conflict):
            carrying.carry_out(change_id=first.pk, tell=tell)
    carrying.fail(change_id=first.pk, why="别人正在办理")
    assert changes.change_of(first.pk).matter.stage == "scheduled"
    assert carrying.begin_due() == 0  # the clock knows it too
    with pytest.raises(Conflict):
        started(second)
    carrying.carry_out(change_id=started(changes.change_of(first.pk)).pk, tell=tell)
    assert carrying.begin_due() == 1


def test_what_was_swept_is_not_undone_after_the_later_change_was(district: Cast) -> None:
    """The later one swept what the first one kept: its way back would leave matters at codes that are gone."""
    first = carried(Line("merge", FROM, INTO))
    later = carried(Line("merge", THIRD, INTO))
    undone(later)
    first, revision = changes.change_of(first.pk), territory.revision()
    assert not carrying.can_be_undone(first)
    with pytest.raises(Conflict) as gone:
        carrying.start_undo(actor=SYSTEM, change=first, version=first.matter.version, reason="也撤")
    assert gone.value.code == "not_the_last" and territory.revision() == revision


# --- posts and bodies ---------------------------------------------------------------------------------------
def a_post(division: str, kind: str = "subdistrict_chief") -> PostHeld:
    account = PostHeld.objects.filter(valid_to=None).values_list("account_id", flat=True)[0]
    PostHeld.objects.filter(account_id=account, valid_to=None, kind=kind).delete()
    since = clock.now() - timedelta(days=1)
    return PostHeld.objects.create(account_id=account, kind=kind, division=division, valid_from=since)


def at(post: PostHeld, division: str) -> bool:
    return PostHeld.objects.filter(
        account=post.account, kind=post.kind, division=division, valid_to=None
    ).exists()  # fmt: skip


def test_a_post_that_is_still_to_begin_does_not_begin_early(district: Cast) -> None:
    post = a_post(FROM)
    day = clock.now() + timedelta(days=30)
    PostHeld.objects.filter(pk=post.pk).update(valid_from=day)
    pairs = accounts.move_posts(actor=SYSTEM, codes={FROM: INTO})
    assert PostHeld.objects.get(account=post.account, kind=post.kind, division=INTO, valid_to=None).valid_from == day
    accounts.put_posts_back(actor=SYSTEM, pairs=pairs)
    assert PostHeld.objects.get(account=post.account, kind=post.kind, division=FROM, valid_to=None).valid_from == day
    assert not at(post, INTO)


def test_a_post_ended_by_hand_after_two_became_one_stays_ended(district: Cast) -> None:
    post = a_post(FROM)
    other = PostHeld.objects.create(
        account=post.account, kind=post.kind, division=INTO, valid_from=post.valid_from
    )  # fmt: skip
    pairs = accounts.move_posts(actor=SYSTEM, codes={FROM: INTO})
    assert at(post, INTO) and not at(post, FROM)
    accounts.end_post(actor=SYSTEM, post_id=other.pk)
    accounts.put_posts_back(actor=SYSTEM, pairs=pairs)
    assert not at(post, FROM) and not at(post, INTO)


def test_posts_of_a_chain_and_of_two_that_become_one_go_and_come_back(district: Cast) -> None:
    post = a_post(FROM)
    for division in (INTO, THIRD):
        PostHeld.objects.create(
            account=post.account, kind=post.kind, division=division, valid_from=post.valid_from
        )  # fmt: skip
    pairs = accounts.move_posts(actor=SYSTEM, codes={FROM: INTO, INTO: "110102009"})  # a chain: INTO is given anew
    assert at(post, INTO) and at(post, "110102009") and not at(post, FROM)
    accounts.put_posts_back(actor=SYSTEM, pairs=pairs)
    assert at(post, INTO) and at(post, FROM) and not at(post, "110102009")
    pairs = accounts.move_posts(actor=SYSTEM, codes={FROM: "110102009", INTO: "110102009"})
    assert at(post, "110102009")
    accounts.put_posts_back(actor=SYSTEM, pairs=pairs)
    assert at(post, INTO) and at(post, FROM) and not at(post, "110102009")


def test_a_body_moved_by_hand_meanwhile_stays_there(district: Cast) -> None:
    moved = organisation_actions.move_bodies(actor=SYSTEM, codes={FROM: INTO})
    code = next(iter(moved))
    Body.objects.filter(code=code).update(division=THIRD)
    organisation_actions.put_bodies_back(actor=SYSTEM, divisions=moved)
    assert Body.objects.get(code=code).division == THIRD
    assert not Body.objects.filter(code__in=[c for c in moved if c != code]).exclude(division=FROM).exists()


# --- duties -------------------------------------------------------------------------------------------------
def duties_at(codes: list[str], body_id: int) -> None:
    Duty.objects.bulk_create(
        Duty(net=net, code=code, body_id=body_id, valid_from=clock.today()) for code in codes for net in Net.values
    )


def test_thousands_of_duties_go_by_few_statements(district: Cast) -> None:
    body, grids = organisations.bodies()[0].id, territory.grid_codes()
    duties_at(list(grids), body)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        kept = carry_duties(actor=SYSTEM, codes={c: f"110109{c[6:]}" for c in grids})
    assert len(kept) == len(grids) * 3 and len(seen) < len(kept) // 50
    assert put_duties_back(actor=SYSTEM, kept=kept) == len(kept)
    assert Duty.objects.filter(valid_to=None, code__startswith="110102").count() == len(kept) == Duty.objects.count()


def test_an_undo_does_not_bring_back_duties_that_were_decided_anew(district: Cast) -> None:
    """A merger since then gave both grids to others: one in force for each, and no error that stops the undo."""
    one, other = organisations.bodies()[:2]
    a, b = territory.grid_codes()[:2]
    duties_at([a], one.id)
    kept = carry_duties(actor=SYSTEM, codes={a: b, b: a})
    Duty.objects.filter(valid_to=None).update(valid_to=clock.today())
    duties_at([a, b], other.id)
    assert put_duties_back(actor=SYSTEM, kept=kept) == 0
    assert set(Duty.objects.filter(valid_to=None).values_list("body_id", flat=True)) == {other.id}


def merger_of(codes: list[str], stage: str, before: int = 0) -> NetMerger:
    matter = flow.open_matter(
        actor=SYSTEM, flow=MERGER, verb="open", title="试验融合", where=flow.Where(area=territory.district().code),
        due=flow.DueTimes(), facts={},
    )  # fmt: skip
    type(matter).objects.filter(pk=matter.pk).update(stage=stage)
    merger = NetMerger.objects.create(matter=matter, name="试", base=territory.revision(), summary={"before": before})
    body = organisations.bodies()[0].id
    MergeLine.objects.bulk_create(
        MergeLine(merger=merger, net=Net.CITY, code=c, finding=Finding.ONE, decided=True, decided_at=clock.now(), body_id=body)
        for c in codes
    )  # fmt: skip
    return mergers.merger_of(merger.pk)


def test_a_merger_of_a_grid_that_is_gone_is_not_restored(district: Cast) -> None:
    grids = list(territory.grid_codes())
    old = merger_of([*grids[:-1], "110102999999999"], "superseded")
    now = merger_of(grids, "in_force", before=old.pk)
    with pytest.raises(Conflict) as moved:
        mergers.undo(actor=SYSTEM, merger=now, version=now.matter.version, reason="错了")
    assert moved.value.code == "base_moved" and not Duty.objects.exists()


# --- two persons --------------------------------------------------------------------------------------------
def test_who_wrote_a_catalogue_last_does_not_publish_it(district: Cast) -> None:
    """A planner begins a draft and leaves it; an administrator writes all of it and would publish it alone."""
    catalogue.load_matters(actor=SYSTEM)
    admin = district.actor("administrator")
    draft = catalogue.start_draft(actor=district.actor("planner"))
    rows = [replace(r, nets="") for r in catalogue.rows_of(draft.pk)]
    catalogue.put_rows(actor=admin, draft_id=draft.pk, revision=0, rows=rows)
    with pytest.raises(Forbidden) as own:
        catalogue.publish(actor=admin, draft_id=draft.pk, revision=1)
    assert own.value.code == "own_draft"
    catalogue.publish(actor=district.actor("chief"), draft_id=draft.pk, revision=1)
    assert GridMatterCatalogue.objects.get(state=CatalogueState.IN_FORCE).pk == draft.pk


# --- much at once -------------------------------------------------------------------------------------------
def test_a_draft_of_hundreds_of_lines_is_saved_from_its_page(district: Cast) -> None:
    """Five fields a line: more than a form may have by default, and all that was typed was lost with a bare 400."""
    into = f"{INTO}001"
    cells = [c for c in territory.grid_codes() if not c.startswith(into)][:300]
    change = changes.open_change(actor=SYSTEM, kind=ChangeKind.BORDERS, name="试改界线")
    data: dict[str, Any] = {"do": "save", "version": 1, "rows": len(cells) + 1}
    for n, code in enumerate(cells, 1):
        data |= {f"kind-{n}": "cell", f"old-{n}": code, f"new-{n}": into, f"name-{n}": "", f"short_name-{n}": ""}
    assert len(cells) == 300
    answer = district.client("administrator").post(reverse("ground:change-lines", args=[change.pk]), data)
    assert answer.status_code == 302 and change.lines.count() == len(cells)
