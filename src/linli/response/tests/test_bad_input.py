"""Bad input to survive: each ends in a clear refusal with a code and the field, and nothing is half-written."""

from __future__ import annotations

from typing import Any

import pytest

from linli.core.actor import RESIDENT
from linli.core.errors import Invalid
from linli.files.models import Upload
from linli.flow import queries as flow
from linli.flow.models import Journal, Matter, Outbox, Sealed
from linli.response import actions, queries
from linli.response.models import Case
from linli.response.rules import CASE
from linli.territory import queries as territory
from linli.vault.models import Contact

from .conftest import NIUJIE

pytestmark = pytest.mark.django_db

TABLES = (Matter, Case, Journal, Sealed, Outbox, Contact)


def gcj02(lon: float, lat: float) -> tuple[float, float]:
    """About what a Chinese web map says for this WGS-84 point in Beijing."""
    return lon + 0.00624, lat + 0.00140


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"lon": 0.0, "lat": 0.0}, "zero_coordinates", "place"),
        ({"lon": float("nan")}, "bad_coordinates", "place"),
        ({"lon": NIUJIE[1], "lat": NIUJIE[0]}, "swapped_coordinates", "place"),
        ({"lon": 121.47, "lat": 31.23}, "outside_district", "place"),
        ({"lon": -71.0587, "lat": 42.3594}, "outside_china", "place"),
        ({"class_code": ""}, "unknown_class", "class_code"),
        ({"class_code": "9999'; DROP TABLE"}, "unknown_class", "class_code"),
        ({"description": ""}, "description_required", "description"),
        ({"description": "\x00 \u202e\u2066 \ufeff"}, "description_required", "description"),
        ({"description": "长" * 100_000}, "text_too_long", "description"),
        ({"address": "长" * 121}, "text_too_long", "address"),
        ({"phone": "12"}, "bad_phone", "phone"),
        ({"phone": "13800138000", "consent": "made-up"}, "unknown_consent", "consent"),
        ({"photo_keys": ["0" * 32]}, None, None),
    ],
)
def test_refused_with_the_field_and_nothing_written(
    reported, change: dict[str, Any], code: str | None, field: str | None
) -> None:  # type: ignore[no-untyped-def]
    before = [table.objects.count() for table in TABLES]
    with pytest.raises(Invalid) as refused:
        reported(**change)
    if code is not None:
        assert refused.value.code == code and field in refused.value.fields
        assert any("\u4e00" <= c <= "\u9fff" for c in str(refused.value.message))
    assert [table.objects.count() for table in TABLES] == before


def test_a_point_just_outside_that_gcj02_would_explain_is_named(district) -> None:  # type: ignore[no-untyped-def]
    west, _south, east, _north = territory.bounds()
    lat = NIUJIE[1]
    lon = next(
        x / 1e4
        for x in range(int(west * 1e4), int(east * 1e4) + 200)
        if territory.locate(x / 1e4, lat) is None and territory.locate(x / 1e4 - 0.003, lat)
    )
    with pytest.raises(Invalid) as refused:
        territory.check_point(*gcj02(lon - 0.004, lat))
    assert refused.value.code == "maybe_gcj02"


def test_strange_but_honest_text_is_kept_whole(reported, district) -> None:  # type: ignore[no-untyped-def]
    text = "门口🚲🚲倒了 <script>alert(1)</script> مرحبا ‘’ 𠮷野家\r\n第二行"
    case = reported(description="\u202e" + text + "\x00")
    lines = queries.history(district.actor("operator"), case)
    assert lines[0].personal["description"] == text


def test_thousands_at_one_default_point_stay_separate(reported) -> None:  # type: ignore[no-untyped-def]
    for _ in range(30):
        reported(lon=116.36, lat=39.9)
    assert Case.objects.count() == 30
    assert len(queries.nearby(116.36, 39.9, limit=5)) == 5


def test_a_border_point_belongs_to_exactly_one_division(district) -> None:  # type: ignore[no-untyped-def]
    import json

    feature = json.loads(territory.boundaries_geojson(9))["features"][0]
    ring = feature["geometry"]["coordinates"][0]
    ring = ring[0] if isinstance(ring[0][0], list) else ring
    for lon, lat in ring[:40]:
        first, second = territory.locate(lon, lat), territory.locate(lon, lat)
        assert first == second and (first is None or first.subdistrict[:6] == "110102")


def test_closing_cannot_come_before_opening(reported) -> None:  # type: ignore[no-untyped-def]
    from datetime import timedelta

    from django.db import IntegrityError, transaction

    matter = reported().matter
    with pytest.raises(IntegrityError), transaction.atomic():
        Matter.objects.filter(pk=matter.pk).update(closed_at=matter.opened_at - timedelta(seconds=1))


def test_photographs_of_others_cannot_be_attached(reported, district) -> None:  # type: ignore[no-untyped-def]
    case = reported()
    Upload.objects.all().delete()
    with pytest.raises(Invalid):
        step = actions.Step("accept", case.matter.version, photo_keys=["f" * 32])
        actions.move_case(actor=district.actor("operator"), case=case, step=step)
    case.matter.refresh_from_db()
    assert case.matter.stage == "reported"


def test_the_calendar_that_ends_early_is_said_and_mended(reported, district) -> None:  # type: ignore[no-untyped-def]
    """A due time counted past the last notice is provisional; official days recompute it."""
    from datetime import UTC, date, datetime

    from linli.core import clock
    from linli.core.actor import SYSTEM
    from linli.worktime import queries as worktime
    from linli.worktime.rules import Limit, Unit

    with clock.at(datetime(2026, 12, 30, 2, 0, tzinfo=UTC), actor=SYSTEM):
        case = reported(class_code="0110")  # five working days, across New Year 2027
        assert case.matter.due_provisional
        assert worktime.due(clock.now(), Limit(5, Unit.WORKING_DAY)).provisional
        before = case.matter.final_due_at
        from linli.worktime import actions as calendar
        from linli.worktime.shipped import Day

        days = [Day(date(2027, 1, d), "元旦", "holiday") for d in (1, 2, 3, 5)]
        days += [Day(date(2027, m, d), "节", "holiday") for m, d in ((2, 8), (4, 5), (5, 3), (6, 9), (9, 15), (10, 1))]
        calendar.enter_official_days(actor=SYSTEM, year=2027, rows=days)
        changed = actions.recompute_due(actor=SYSTEM, revision=worktime.calendar().revision)
        case.matter.refresh_from_db()
    assert changed.changed == 1 and not case.matter.due_provisional and case.matter.final_due_at > before
    assert [line.verb for line in flow.history(case.matter, CASE, personal=False)] == [
        "report"
    ]  # the calendar's line says it
    assert actions.recompute_due(actor=SYSTEM, revision=1).changed == 0


def test_a_merged_body_goes_on(reported, press, district) -> None:  # type: ignore[no-untyped-def]
    """A body merged while it holds cases: its heir's people act, and its own can finish what they have."""
    from linli.core.actor import SYSTEM
    from linli.organisations import actions as organisations_actions
    from linli.organisations import queries as organisations

    water, drainage = organisations.body_by_code("110102-tap-water"), organisations.body_by_code("110102-drainage")
    assert water is not None and drainage is not None
    case = reported(class_code="0402")
    press("operator", case, "accept")
    press("dispatcher", case, "dispatch", body_id=water.id)
    organisations_actions.merge_bodies(actor=SYSTEM, body_id=water.id, into_id=drainage.id)
    organisations.forget()
    press("handler-drainage", case, "sign")
    press("handler-water", case, "feed_back", text="修好了")
    second = reported(class_code="0402")
    press("operator", second, "accept")
    assert press("dispatcher", second, "dispatch", body_id=water.id).matter.body_id == drainage.id


def test_a_resident_is_nobody_to_the_staff_doors(reported) -> None:  # type: ignore[no-untyped-def]
    from linli.core.errors import Forbidden

    for channel in ("phone", "onsite", "field", "api"):
        with pytest.raises(Forbidden):
            reported(actor=RESIDENT, channel=channel)
