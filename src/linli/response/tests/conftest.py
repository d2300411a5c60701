"""A case in Niujie, ready to be moved by the named cast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linli.core.actor import RESIDENT, Actor
from linli.response import actions, queries
from linli.response.models import Case
from linli.testing.fixtures import Cast

NIUJIE = (116.3596, 39.8862)  # inside 牛街街道

Press = Callable[..., Case]


@pytest.fixture
def reported(district: Cast) -> Callable[..., Case]:
    """Report a case; keywords go into the Report."""

    def report(actor: Actor = RESIDENT, **more: Any) -> Case:
        values = {
            "channel": "web",
            "class_code": "0102",
            "lon": NIUJIE[0],
            "lat": NIUJIE[1],
            "description": "单元门口的垃圾两天没清。",
            **more,
        }
        receipt = actions.report_case(actor=actor, report=actions.Report(**values))
        return Case.objects.select_related("matter").get(pk=receipt.matter_id)

    return report


@pytest.fixture
def press(district: Cast) -> Press:
    """Let a member of the cast press a button, as the page would: load the case in scope, then move it."""

    def move(username: str, case: Case, verb: str, **more: Any) -> Case:
        actor = district.actor(username)
        seen = queries.case_for(actor, queries.number_of_case(case))
        actions.move_case(actor=actor, case=seen, step=actions.Step(verb, seen.matter.version, **more))
        return seen

    return move
