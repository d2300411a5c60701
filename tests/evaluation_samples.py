"""Something of each kind in the evaluation, for the addresses that name it. Each part of the room has its function."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from linli.core.actor import SYSTEM
from linli.evaluation.actions import books, deliveries, experts, frameworks, load
from linli.evaluation.actions import results as write
from linli.evaluation.models import (
    Delivery,
    Framework,
    FrameworkNode,
    Observation,
    Publication,
    Result,
    Series,
    Unit,
)
from linli.evaluation.queries import deliveries as read
from linli.evaluation.queries import frameworks as framework_reads
from linli.testing.fixtures import Cast

STATISTICS = Path(settings.PACK).parent / "statistics"
AT = datetime(2026, 1, 5, tzinfo=UTC)
UNITS = {"110000": "北京", "120000": "天津", "130000": "河北", "310000": "上海", "320000": "江苏", "330000": "浙江"}
VALUES = {"sample_income": (75, 47, 29, 78, 47, 57), "sample_jobless": (3.2, 3.7, 3.1, 2.7, 2.5, 2.6)}
RESULT_PAGES = (
    "", "-map", "-units", "-unit", "-structure", "-weights", "-sensitivity", "-cells", "-hash", "-peers", "-what-if",
    "-what-if-scores", "-what-if-save", "-release", "-withdraw", "-figure-svg", "-figure-xlsx",
)  # fmt: skip


def data_samples(district: Cast) -> dict[str, Any]:
    """Units, series and one small shipped file in force."""
    load.load_units(actor=SYSTEM, folder=STATISTICS)
    load.load_series(actor=SYSTEM, folder=STATISTICS)
    load.load_publications(actor=SYSTEM, folder=STATISTICS)
    about = {"publication": "xicheng_official", "vintage": "2022-12-31"}
    deliveries.apply_shipped(actor=SYSTEM, path=STATISTICS / "files" / "xicheng_figures.csv", about=about)
    (row,) = read.deliveries(actor=district.actor("analyst"))
    pages = ("delivery", "delivery-refused", "delivery-explain", "delivery-confirm", "delivery-drop", "delivery-undo")
    return {
        **{f"evaluation:{name}.id": row.id for name in pages},
        "evaluation:series.code": "gdp", "evaluation:series-cell.code": "gdp", "evaluation:series-cell.unit": "110102",
        "evaluation:series-cell.year": 2021, "evaluation:data-ruling-end.id": 10**9,
    }  # fmt: skip


def framework_samples(district: Cast) -> dict[str, Any]:
    """The shipped frameworks, a draft of the first, and a questionnaire with one seat; needs units and series."""
    analyst = district.actor("analyst")
    frameworks.load_frameworks(actor=SYSTEM)
    first = next(f for f in framework_reads.frameworks(actor=SYSTEM) if f.family == "provinces")
    draft = frameworks.start_draft(actor=analyst, framework_id=first.id)
    made = experts.create(actor=analyst, asked=experts.Asked(first.id, "权重咨询", "budget", ("index",)))
    experts.add_seats(actor=analyst, questionnaire_id=made, count=1)
    in_draft = (
        "framework-head",
        "framework-publish",
        "framework-drop",
        "framework-node-new",
        "framework-node",
        "framework-node-drop",
    )
    standing = ("framework", "framework-xlsx", "framework-draft", "framework-retire", "questionnaire-new")
    asked = ("", "-letters", "-open", "-close", "-adopt", "-xlsx", "-revoke")
    codes = {f"evaluation:{name}.code": "AAAAAAAA" for name in ("expert", "expert-submit", "expert-question")}
    return {
        **{f"evaluation:{name}.id": draft for name in in_draft},
        **{f"evaluation:{name}.id": first.id for name in standing},
        **{f"evaluation:questionnaire{name}.id": made for name in asked},
        **codes, "evaluation:framework-compare.before": first.id, "evaluation:framework-compare.after": draft,
        "evaluation:framework-node.code": "party", "evaluation:framework-node-drop.code": "unemployment",
        "evaluation:questionnaire-revoke.seat": 1, "evaluation:expert-question.node": "index",
    }  # fmt: skip


def results_samples(district: Cast) -> dict[str, Any]:
    """One finished result that is not released, and what its addresses name; after the statistics (it adds a delivery)."""
    for order, (code, name) in enumerate(UNITS.items()):
        Unit.objects.get_or_create(
            code=code, defaults={"level": "province", "name": name, "short": name, "order": order, "provenance": "sourced"}
        )  # fmt: skip
    source, _new = Publication.objects.get_or_create(
        code="sample", defaults={"title": "统计年鉴", "publisher": "统计局"}
    )
    brought = Delivery.objects.create(
        publication=source, vintage=date(2025, 12, 1), form="plain", digest="1" * 64, state="applied", by="system",
        at=AT, applied_at=AT,
    )  # fmt: skip
    for code, values in VALUES.items():
        series = Series.objects.create(code=code, concept=code, name=code, origin="public", provenance="sourced")
        Observation.objects.bulk_create(
            Observation(delivery=brought, series=series, unit=unit, year=year, value=value + n)
            for n, year in enumerate((2022, 2023))
            for unit, value in zip(UNITS, values, strict=True)
        )
    return _named(_result().pk)


def _named(id: Any) -> dict[str, Any]:
    ids = {f"evaluation:result{page}.id": id for page in RESULT_PAGES}
    keys = {f"evaluation:result-figure-{kind}.key": "ranking" for kind in ("svg", "xlsx")}
    return ids | keys | {"evaluation:result-unit.unit": "110000"}


def _result() -> Result:
    framework = Framework.objects.create(
        family="sample", edition=1, name="样例指数", purpose="comprehensive", level="province", state="published",
        valid_from=2015, provenance="sourced", made_by="system", made_at=AT,
        scenario={"normalise": {"method": "minmax", "base": "pooled"}, "weigh": {"default": {"kind": "equal"}}},
        factors=[{"kind": "noise", "name": "权重", "size": 0.25}],
    )  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"code": "index", "kind": "root", "name": "总指数"}, {"code": "A", "parent": "index", "kind": "part", "name": "社会关系"},
        {"code": "A1", "parent": "A", "kind": "indicator", "name": "收入", "numerator": "sample_income"},
        {"code": "A2", "parent": "A", "kind": "indicator", "name": "失业", "numerator": "sample_jobless", "direction": -1},
    ]  # fmt: skip
    FrameworkNode.objects.bulk_create(
        FrameworkNode(framework=framework, order=i, provenance="sourced", **row) for i, row in enumerate(rows)
    )
    ready = write.prepared(framework_id=framework.pk, years=(2022, 2023), document=framework.scenario, factors=framework.factors)  # fmt: skip
    row = Result.objects.create(
        framework=framework, name="样例", year_from=2022, year_to=2023, cut=AT, by="system", at=AT, state="running"
    )
    write.finish(actor=SYSTEM, id=row.pk, found=write.compute(ready))
    return row


def book_samples(district: Cast, result_id: Any) -> dict[str, Any]:
    """A book of a finished result, not made yet, and a table of the yearbook; needs units and series."""
    row = books.new_book(actor=district.actor("analyst"), result_id=result_id, title="年报")
    named = {f"evaluation:{name}.id": row.pk for name in ("book", "book-drop", "book-file")}
    tables = {f"evaluation:{name}.code": "income" for name in ("yearbook-table", "yearbook-svg", "yearbook-xlsx")}
    return {**named, **tables, "evaluation:book-file.format": "pdf"}
