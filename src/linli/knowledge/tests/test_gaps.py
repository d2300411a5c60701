"""Questions without an answer: words and counts, no numbers, no person; for those who keep articles."""

from __future__ import annotations

import pytest
from django.test import Client

from linli.core.actor import RESIDENT
from linli.core.errors import Conflict, Forbidden
from linli.knowledge import actions, queries, rules
from linli.knowledge.models import Gap
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("宠物医院 几点开门？", "宠物医院 几点开门"),
        ("我电话１３８００１３８０００ 问年检", "我电话 问年检"),
        ("110102199001011234", ""),
        ("3 号楼 5 单元", "号楼 单元"),
        ("长" * 200, "长" * 30),
        ("\u202e<b>", "b"),
    ],
)
def test_no_number_is_kept(said: str, kept: str) -> None:
    assert rules.gap_words(said) == kept


def test_a_gap_is_counted_settled_and_opens_again(tree: Cast) -> None:
    operator, keeper = tree.actor("operator"), tree.actor("administrator")
    for _n in range(3):
        actions.note_gap(actor=operator, text="宠物医院几点开门 13800138000")
    assert actions.note_gap(actor=operator, text="1234567") == "" and Gap.objects.count() == 1
    line = queries.gaps(actor=keeper)[0]
    assert (line.words, line.count) == ("宠物医院几点开门", 3) and queries.count_gaps(actor=keeper) == 1
    actions.settle_gap(actor=keeper, gap_id=line.id)
    assert queries.gaps(actor=keeper) == [] and queries.count_gaps(actor=operator) == 0
    with pytest.raises(Conflict):
        actions.settle_gap(actor=keeper, gap_id=line.id)
    actions.note_gap(actor=operator, text="宠物医院几点开门")
    assert queries.gaps(actor=keeper)[0].count == 4, "asked again: the answer was not found"
    with pytest.raises(Forbidden):
        actions.note_gap(actor=RESIDENT, text="宠物医院")
    with pytest.raises(Forbidden):
        queries.gaps(actor=operator)


def test_the_list_is_for_keepers(tree: Cast) -> None:
    actions.note_gap(actor=tree.actor("operator"), text="<b>宠物医院")
    keeper: Client = tree.client("administrator")
    text = keeper.get("/knowledge/gaps/").content.decode()
    assert "宠物医院" in text and tree.client("operator").get("/knowledge/gaps/").status_code == 403
    assert keeper.post(f"/knowledge/gaps/{Gap.objects.get().pk}/settle").status_code == 302
    assert "没有等着写的答复" in keeper.get("/knowledge/gaps/").content.decode()
