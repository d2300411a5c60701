"""Counters of use: one statement, so that two at once are two, and nobody waits long on SQLite."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid, Missing

from .. import permissions, rules
from ..choices import UseKind

# The SELECT lets only versions in that were once published; its WHERE also tells SQLite that ON belongs to INSERT.
_COUNT = """
INSERT INTO knowledge_use (version_id, month, kind, count)
SELECT id, %s, %s, 1 FROM knowledge_version WHERE id = %s AND state <> 'draft'
ON CONFLICT (version_id, month, kind) DO UPDATE SET count = knowledge_use.count + 1
"""


def count_use(*, actor: Actor, version_id: int, kind: str) -> None:
    """Count one use of a version in this month (1 SQL, in the caller's transaction if there is one).

    `kind` is answer, read, helped or not_helped. Raises Forbidden, Invalid for another kind, Missing for no such version.
    """
    if kind not in UseKind.values:
        raise Invalid("bad_use", _("不认识的用途。"))
    permissions.can_count(actor, kind).or_forbidden()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [rules.month_of(clock.today()), kind, version_id])
        if cursor.rowcount < 1:
            raise Missing("no_such_version", _("没有这条答复，或者它已经停用。"))
