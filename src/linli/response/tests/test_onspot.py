"""Mended on the spot: before and after in one step; then the dice, which nobody outside can foresee."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linli.core.errors import Forbidden, Invalid
from linli.files import actions as files
from linli.files.models import Upload
from linli.flow.models import Journal, TypeVersion
from linli.response import actions, queries
from linli.response.catalogue import catalogue, forget
from linli.response.models import Case
from linli.response.queries import calls
from linli.response.steps import checking
from linli.testing.fixtures import Cast
from linli.vault import keys

from .conftest import NIUJIE, Press
from .test_web_case import grid_team, picture

pytestmark = pytest.mark.django_db
MENDABLE, PLAIN = "0102", "0110"

Mend = Callable[..., actions.Receipt]


@pytest.fixture
def mend(district: Cast) -> Mend:
    """A grid worker of Niujie reports and mends; two photographs unless told otherwise."""

    def act(username: str = "grid-niujie", *, before: int = 1, after: int = 1, **more: Any) -> actions.Receipt:
        actor = district.actor(username)
        shot = [files.accept_upload(actor=actor, stream=picture(), name="").key for _n in range(before + after)]
        values = {
            "channel": "field", "class_code": MENDABLE, "lon": NIUJIE[0], "lat": NIUJIE[1],
            "photo_keys": shot[:before], **more,
        }  # fmt: skip
        result = values.pop("result", "已当场清理。")
        report = actions.Report(**values)
        return actions.report_and_mend(actor=actor, report=report, result=result, after_keys=shot[before:])

    return act


@pytest.fixture
def dice(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let the dice fall as told."""
    return lambda chosen: monkeypatch.setattr(checking, "drawn", lambda *_a: chosen)


def case_of(receipt: actions.Receipt) -> Case:
    return Case.objects.select_related("matter").get(pk=receipt.matter_id)


def journal(case: Case) -> list[tuple[str, dict[str, Any]]]:
    rows = Journal.objects.filter(matter_id=case.pk).order_by("seq")
    return [(r.verb, json.loads(r.body)["facts"]) for r in rows]


def test_drawn_waits_for_another_party(mend: Mend, dice: Any, press: Press, district: Cast) -> None:
    dice(True)
    case = case_of(mend())
    assert case.matter.stage == "fed_back" and case.sampled is True and case.matter.body_id == grid_team()
    assert [verb for verb, _facts in journal(case)] == ["report", "mend"] and case.photos == 2
    thrown = journal(case)[1][1]["sample"]
    assert thrown == {"of": "pass", "share": 20, "drawn": True, "type": case.case_class_id}
    from linli.accounts import actions as accounts
    from linli.core.actor import SYSTEM

    accounts.give_post(actor=SYSTEM, account_id=district.id("grid-niujie"), kind="verifier", division="110102018")
    with pytest.raises(Forbidden) as refused:
        press("grid-niujie", case, "pass")
    assert refused.value.code in {"own_body", "handled_it"}
    press("verifier", case, "pass")


def test_spared_closes_at_once_and_the_journal_says_by_which_share(mend: Mend, dice: Any) -> None:
    dice(False)
    case = case_of(mend())
    assert (case.matter.stage, case.sampled) == ("closed", False)
    told = journal(case)
    assert [verb for verb, _facts in told] == ["report", "mend", "spare"]
    assert told[2][1]["sample"] == {"of": "pass", "share": 20, "drawn": False, "type": case.case_class_id}
    assert Journal.objects.get(matter_id=case.pk, verb="spare").actor == "system"


def test_both_photographs_words_and_a_class_that_allows_it(mend: Mend, district: Cast) -> None:
    for more, field in (
        ({"before": 0}, "photo"),
        ({"after": 0}, "after"),
        ({"result": "  "}, "result"),
        ({"class_code": PLAIN}, "class_code"),
        ({"class_code": "nothing"}, "class_code"),
        ({"username": "grid-desheng"}, "place"),  # reported, perhaps; mended only where one is on duty
    ):
        with pytest.raises(Invalid) as refused:
            mend(**more)  # type: ignore[arg-type]
        assert field in refused.value.fields, more
    assert not Case.objects.exists() and not Upload.objects.exclude(subject="").exists()
    with pytest.raises(Forbidden):
        mend("chief")


def test_sent_twice_is_mended_once(mend: Mend) -> None:
    first, again = mend(client_key="k1"), mend(client_key="k1")
    assert again.repeated and again.number == first.number and Case.objects.count() == 1
    assert [verb for verb, _facts in journal(case_of(first))].count("mend") == 1


def test_the_photographs_are_told_apart(mend: Mend, dice: Any, press: Press, district: Cast) -> None:
    dice(True)
    case = case_of(mend(before=2, after=1))
    actor = district.actor("verifier")
    key = files.accept_upload(actor=actor, stream=picture(), name="").key
    press("verifier", case, "rework", text="还有", photo_keys=[key])
    case.refresh_from_db()
    shown = calls.photos_of(actor, case, queries.history(actor, case))
    assert [len(g) for g in (shown.before, shown.after, shown.checked)] == [2, 1, 1]
    assert shown.checked[0].key == key


def test_what_a_body_handled_is_never_spared(reported: Any, press: Press, dice: Any) -> None:
    dice(False)
    case = reported(class_code=MENDABLE)
    for username, verb, more in (
        ("operator", "accept", {}),
        ("dispatcher-niujie", "dispatch", {"body_id": grid_team()}),
        ("grid-niujie", "sign", {}),
        ("grid-niujie", "feed_back", {"text": "清了"}),
    ):
        seen = press(username, case, verb, **more)
    assert seen.matter.stage == "fed_back" and seen.sampled is None


def test_no_sample_where_the_type_does_not_choose_it(mend: Mend, dice: Any) -> None:
    dice(False)
    view = catalogue().by_code[MENDABLE]
    TypeVersion.objects.filter(pk=view.id).update(variant={"chosen": ["mend"]})
    from linli.flow import actions as flow

    flow._variants.pop(view.id, None)
    forget()
    try:
        case = case_of(mend())
        assert case.matter.stage == "fed_back" and case.sampled is None
    finally:
        flow._variants.pop(view.id, None)
        forget()


def test_a_type_may_ask_the_verifier_for_a_photograph(mend: Mend, dice: Any, press: Press, district: Cast) -> None:
    dice(True)
    view = catalogue().by_code[MENDABLE]
    variant = {"chosen": ["mend", "spare"], "samples": {"pass": 20}, "also_needs": {"pass": ["photos"]}}
    TypeVersion.objects.filter(pk=view.id).update(variant=variant)
    from linli.flow import actions as flow

    flow._variants.pop(view.id, None)
    forget()
    try:
        case = case_of(mend())
        with pytest.raises(Invalid) as refused:
            press("verifier", case, "pass")
        assert "photos" in refused.value.fields
        key = files.accept_upload(actor=district.actor("verifier"), stream=picture(), name="").key
        assert press("verifier", case, "pass", photo_keys=[key]).matter.stage == "verified"
    finally:
        flow._variants.pop(view.id, None)
        forget()


# --- the dice ------------------------------------------------------------------------------------------------
def test_the_drawn_share_is_the_stated_one() -> None:
    """2,000 matters: the count lies within five standard deviations of a binomial (one false alarm in 1.7 million)."""
    marks = [uuid.uuid4().hex for _n in range(2000)]
    for share in (10, 20, 50):
        drawn = sum(checking.drawn(mark, "pass", 0, share) for mark in marks)
        mean, deviation = 20 * share, (20 * share * (1 - share / 100)) ** 0.5
        assert abs(drawn - mean) <= 5 * deviation, (share, drawn)
    assert [checking.drawn(m, "pass", 0, 20) for m in marks] == [checking.drawn(m, "pass", 0, 20) for m in marks]


def test_nobody_without_the_key_foresees_a_throw(settings: Any, tmp_path: Path) -> None:
    """With another key everything public is the same and the throws are unrelated: they agree as chance would."""
    marks = [uuid.uuid4().hex for _n in range(2000)]
    here = [checking.drawn(m, "pass", 0, 50) for m in marks]
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    settings.KEYS = folder
    there = [checking.drawn(m, "pass", 0, 50) for m in marks]
    agree = sum(a == b for a, b in zip(here, there, strict=True))
    assert abs(agree - 1000) <= 5 * 500**0.5, agree
    assert (folder / "sample.k1").exists() and "sample" in keys.PURPOSES
