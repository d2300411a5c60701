"""Classes are versioned data; a class about a person is refused; gaps are listed."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import IntegrityError, transaction

from linli.core.actor import RESIDENT, SYSTEM
from linli.core.errors import Forbidden, Invalid
from linli.flow.models import TypeVersion
from linli.response import actions, queries
from linli.response.actions.loading import DATA
from linli.response.choices import Object
from linli.response.models import CaseClass

pytestmark = pytest.mark.django_db


def table(**change: str) -> str:
    """The shipped classes with the class 0102 changed."""
    rows = list(csv.DictReader(io.StringIO((DATA / "case_classes.csv").read_text(encoding="utf-8"))))
    for row in rows:
        if row["code"] == "0102":
            row.update(change)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_no_class_is_about_a_person(district) -> None:  # type: ignore[no-untyped-def]
    assert "person" not in Object.values
    assert set(CaseClass.objects.values_list("object", flat=True)) <= {"place", "facility", "service", "organisation"}
    with pytest.raises(Invalid) as refused:
        actions.load_catalogue(actor=SYSTEM, classes=table(object="person"))
    assert "不能是人" in refused.value.fields["rows"][0]
    row = CaseClass.objects.first()
    assert row is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseClass.objects.filter(pk=row.pk).update(object="person")


def test_an_old_case_keeps_its_version(reported) -> None:  # type: ignore[no-untyped-def]
    case = reported()
    assert actions.load_catalogue(actor=SYSTEM, classes=table(name="生活垃圾外露", handle_amount="3")) == 1
    after = reported()
    assert queries.class_of(case).name_zh == "暴露垃圾" and queries.class_of(after).name_zh == "生活垃圾外露"
    assert queries.class_of(case).state == "retired" and after.matter.final_due_at > case.matter.final_due_at
    states = TypeVersion.objects.filter(kind="case", code="0102").order_by("id").values_list("state", flat=True)
    assert list(states) == ["retired", "published"]
    assert actions.load_catalogue(actor=SYSTEM, classes=table(name="生活垃圾外露", handle_amount="3")) == 0


def test_a_class_deleted_while_in_use_is_retired(reported, press) -> None:  # type: ignore[no-untyped-def]
    case = reported()
    text = "\n".join(line for line in table().splitlines() if not line.startswith("0102,"))
    actions.load_catalogue(actor=SYSTEM, classes=text)
    assert queries.class_by_code("0102") is None
    with pytest.raises(Invalid) as refused:
        reported()
    assert refused.value.code == "unknown_class"
    assert press("operator", case, "accept").matter.stage == "accepted"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"handle_amount": "0"}, "时限"),
        ({"handle_unit": "moons"}, "单位"),
        ({"urgency": "very"}, "紧急"),
        ({"code": ""}, "编码"),
    ],
)
def test_bad_rows_are_named_and_nothing_is_half_loaded(district, change: dict[str, str], word: str) -> None:  # type: ignore[no-untyped-def]
    before = TypeVersion.objects.count()
    with pytest.raises(Invalid) as refused:
        actions.load_catalogue(actor=SYSTEM, classes=table(**change))
    assert "第 3 行" in refused.value.fields["rows"][0] and word in refused.value.fields["rows"][0]
    assert TypeVersion.objects.count() == before


def test_only_an_administrator_changes_it(district) -> None:  # type: ignore[no-untyped-def]
    for actor in (RESIDENT, district.actor("chief"), district.actor("operator")):
        with pytest.raises(Forbidden):
            actions.load_catalogue(actor=actor)
        with pytest.raises(Forbidden):
            actions.load_routes(actor=actor, text="")


def test_gaps_are_listed(district) -> None:  # type: ignore[no-untyped-def]
    gaps = queries.route_gaps()
    assert {g.class_code for g in gaps} == {"2199", "0499"} and len(gaps) == 30
    with pytest.raises(Invalid) as refused:
        actions.load_routes(actor=SYSTEM, text="division,class_prefix,body\n110102,01,nobody\n")
    assert "第 2 行" in refused.value.fields["rows"][0]
    assert len(queries.route_gaps()) == 30


def test_search_by_words_initials_and_code(district) -> None:  # type: ignore[no-untyped-def]
    def first(text: str) -> str:
        return queries.search_classes(text)[0].code

    assert first("bllj") == "0102" and first("0402") == "0402" and first("自来水") == "0402" and first("漏水") == "0402"
    assert first("wt") and queries.search_classes("") == () and queries.search_classes("zzzzzz") == ()
