"""Pages of frameworks: the tree with what it has data for, a draft's forms, a publication that is refused, the workbook."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from openpyxl import load_workbook

from linli.core.actor import SYSTEM
from linli.evaluation.actions import frameworks as write
from linli.evaluation.actions import load
from linli.evaluation.models import Framework, Observation, Series
from linli.evaluation.queries import frameworks as read
from linli.testing.fixtures import Cast

from .conftest import delivery

pytestmark = pytest.mark.django_db

STATISTICS = Path(settings.PACK).parent / "statistics"


@pytest.fixture
def here(district: Cast) -> Cast:
    """Shipped frameworks; education and population of two provinces in 2021, population alone in 2022."""
    load.load_units(actor=SYSTEM, folder=STATISTICS)
    load.load_series(actor=SYSTEM, folder=STATISTICS)
    write.load_frameworks(actor=SYSTEM)
    brought = delivery(date(2025, 1, 1), datetime(2026, 1, 1, tzinfo=UTC))
    cells = [("expenditure_education", 2021), ("population_resident", 2021), ("population_resident", 2022)]
    for code, year in cells:
        one = Series.objects.get(code=code)
        for unit in ("110000", "120000"):
            Observation.objects.create(delivery=brought, series=one, unit=unit, year=year, value=100.0)
    return district


def draft(here: Cast) -> Framework:
    made = write.start_draft(actor=here.actor("analyst"), framework_id=Framework.objects.get(family="provinces").pk)
    return Framework.objects.get(pk=made)


def fields(framework: Framework, code: str, /, **more: object) -> dict[str, object]:
    row = next(r for r in read.rows_of(framework.pk) if r.code == code)
    from linli.evaluation.framework_forms import initial_of

    return {k: "" if v is None else v for k, v in (initial_of(row, framework.version) | more).items()}


def test_the_list_names_what_is_experimental_and_why(here: Cast) -> None:
    page = here.client("dispatcher").get(reverse("evaluation:frameworks")).content.decode()
    assert "各省社会建设综合指数" in page and "西城区内指数" in page and "实验性" in page
    assert "没有数据的部分：党的建设、社会管理、社会动员、社会环境、社会关系。" in page


def test_the_tree_says_how_many_units_have_a_value_in_which_years(here: Cast) -> None:
    one = Framework.objects.get(family="provinces")
    page = here.client("dispatcher").get(reverse("evaluation:framework", args=[one.pk])).content.decode()
    assert "实验性：不作总排名。" in page and "教育支出 ÷ 年末常住人口" in page
    assert "2/31" in page and "2021: 2" in page and "2022: 2" not in page
    assert (
        "起草新的一版" not in page
        and "起草新的一版"
        in here.client("analyst").get(reverse("evaluation:framework", args=[one.pk])).content.decode()
    )


def test_a_draft_is_changed_published_and_compared(here: Cast) -> None:
    client = here.client("analyst")
    first = Framework.objects.get(family="provinces")
    answer = client.post(reverse("evaluation:framework-draft", args=[first.pk]))
    made = Framework.objects.get(family="provinces", edition=2)
    assert answer["Location"] == reverse("evaluation:framework", args=[made.pk])
    place = reverse("evaluation:framework-node", args=[made.pk, "unemployment"])
    assert client.get(place).status_code == 200
    assert client.post(place, fields(made, "unemployment", name="调查失业率", target="5.5")).status_code == 302
    made.refresh_from_db()
    add = reverse("evaluation:framework-node-new", args=[made.pk])
    row = fields(made, "unemployment", code="new", name="新指标", goal_low="1", goal_high="2")
    assert client.post(add, row).status_code == 302
    made.refresh_from_db()
    assert (
        client.post(
            reverse("evaluation:framework-node-drop", args=[made.pk, "new"]), {"version": made.version}
        ).status_code
        == 302
    )
    made.refresh_from_db()
    head = {"version": made.version, "name": "新版", "valid_from": 2026, "name_en": "", "source": "", "note": "改了"}
    assert client.post(reverse("evaluation:framework-head", args=[made.pk]), head).status_code == 302
    made.refresh_from_db()
    assert (
        client.post(reverse("evaluation:framework-publish", args=[made.pk]), {"version": made.version}).status_code
        == 302
    )
    page = client.get(reverse("evaluation:framework-compare", args=[first.pk, made.pk])).content.decode()
    assert "<del>城镇登记失业率</del>" in page and "<ins>5.5</ins>" in page
    first.refresh_from_db()
    assert first.valid_to == 2025


def test_weights_of_99_are_named_where_the_draft_is_published(here: Cast) -> None:
    made, client = draft(here), here.client("analyst")
    for code, weight in (
        ("party", 30),
        ("services", 20),
        ("management", 20),
        ("mobilisation", 10),
        ("environment", 10),
        ("relations", 9),
    ):
        made.refresh_from_db()
        client.post(reverse("evaluation:framework-node", args=[made.pk, code]), fields(made, code, weight=weight))
    made.refresh_from_db()
    answer = client.post(reverse("evaluation:framework-publish", args=[made.pk]), {"version": made.version})
    assert answer.status_code == 422 and "加起来是 99" in answer.content.decode()
    made.refresh_from_db()
    assert made.state == "draft"


def test_what_was_typed_stays_when_it_is_refused(here: Cast) -> None:
    made, client = draft(here), here.client("analyst")
    place = reverse("evaluation:framework-node", args=[made.pk, "unemployment"])
    answer = client.post(place, fields(made, "unemployment", code="services", name="改名"))
    assert (
        answer.status_code == 422
        and "这个代码已经用了" in answer.content.decode()
        and "改名" in answer.content.decode()
    )
    stale = fields(made, "unemployment", version=99)
    assert "刚才有人改过这份草稿" in client.post(place, stale).content.decode()


def test_a_tree_with_a_circle_is_still_shown(here: Cast) -> None:
    made = draft(here)
    made.nodes.filter(code="services").update(parent="environment")
    made.nodes.filter(code="environment").update(parent="services")
    page = here.client("analyst").get(reverse("evaluation:framework", args=[made.pk]))
    assert page.status_code == 200 and "循环" in page.content.decode() and "没有挂在树上" in page.content.decode()


def test_drafts_are_missing_to_those_outside_and_forms_to_those_who_read(here: Cast) -> None:
    made = draft(here)
    assert here.client("dispatcher").get(reverse("evaluation:framework", args=[made.pk])).status_code == 404
    inside = here.client("auditor").get(reverse("evaluation:framework", args=[made.pk]))
    assert (
        inside.status_code == 200
        and reverse("evaluation:framework-publish", args=[made.pk]) not in inside.content.decode()
    )
    assert (
        here.client("auditor").get(reverse("evaluation:framework-node", args=[made.pk, "services"])).status_code == 403
    )


def test_the_workbook_is_the_tree(here: Cast) -> None:
    one = Framework.objects.get(family="provinces")
    answer = here.client("dispatcher").get(reverse("evaluation:framework-xlsx", args=[one.pk]))
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book["体系"].max_row == 1 + len(read.rows_of(one.pk)) and book["体系"]["B3"].value == "party"
