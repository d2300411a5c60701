"""The rules by which topics are found: loaded from the shipped table, replaced as a whole, every version kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid
from linli.response import queries as response

from .. import permissions
from ..models import TopicRule
from ..queries.topic_rules import rules, rules_revision
from ..topic_rules import COLUMNS, NUMBERS, row_problems

DATA = Path(__file__).resolve().parent.parent / "data"


def load_topic_rules(*, actor: Actor, text: str = "") -> int:
    """The shipped rules, where nobody has put others in force. Returns how many are new or changed."""
    table = csv.DictReader(io.StringIO(text or (DATA / "topic_rules.csv").read_text(encoding="utf-8")))
    rows = [_typed(row) for row in table]
    if TopicRule.objects.exists():
        return 0
    return change_topic_rules(actor=actor, rows=rows, expected=rules_revision())


def _typed(row: Mapping[str, str]) -> dict[str, Any]:
    plain: dict[str, Any] = {name: (row.get(name) or "").strip() for name in COLUMNS}
    for name in NUMBERS:
        plain[name] = int(plain[name]) if plain[name].isdecimal() else None
    plain["reopened"] = plain["reopened"] == "yes"
    return plain


def change_topic_rules(*, actor: Actor, rows: Sequence[Mapping[str, Any]], expected: str) -> int:
    """Put these rules in force as a whole; one that changed gets a new version, one that is missing ends.

    Topics keep the version by which they were found. Returns how many rows differ. Raises Forbidden, Invalid, Conflict.
    """
    permissions.can_change_topic_rules(actor).or_forbidden()
    known = frozenset(v.code for v in response.classes())
    wrong = [f"{row.get('code')}：{said}" for row in rows for _column, said in row_problems(row, known)]
    codes = [str(row.get("code")) for row in rows]
    wrong += [_("编码重复：%(code)s。") % {"code": c} for c in sorted(set(codes)) if codes.count(c) > 1]
    if wrong:
        raise Invalid("bad_topic_rules", _("专题规则有不对的地方，什么都没有改。"), fields={"rows": wrong})
    changed = 0
    with transaction.atomic():
        if rules_revision() != expected:
            raise Conflict("changed_meanwhile", _("别人刚改过专题规则，请重新核对。"))
        held = {rule.code: rule for rule in rules()}
        for row in rows:
            before = held.pop(str(row["code"]), None)
            if before is not None and before.row() == dict(row):
                continue
            _put(row)
            changed += 1
        changed += TopicRule.objects.filter(pk__in=[r.id for r in held.values()]).update(in_force=False)
        record(actor=actor, verb=AuditVerb.OTHER, target="topic_rules", changed=changed, codes=codes)
    return changed


def _put(row: Mapping[str, Any]) -> None:
    old = TopicRule.objects.filter(code=row["code"])
    old.filter(in_force=True).update(in_force=False)
    newest = old.order_by("-number").values_list("number", flat=True).first() or 0
    TopicRule.objects.create(number=newest + 1, **{name: row[name] for name in COLUMNS})
