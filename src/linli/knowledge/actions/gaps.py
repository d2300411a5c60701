"""Questions without an answer: noted by who was asked, settled by who keeps articles."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict

from .. import permissions, rules
from ..models import Gap

# Asked again after it was settled, the question is open again: the answer was not found.
_NOTE = """
INSERT INTO knowledge_gap (words, month, count, settled_at, settled_by) VALUES (%s, %s, 1, NULL, '')
ON CONFLICT (words, month) DO UPDATE SET count = knowledge_gap.count + 1, settled_at = NULL, settled_by = ''
"""


def note_gap(*, actor: Actor, text: str) -> str:
    """Count that nothing answered `text`; what is kept of it, "" if nothing is left without numbers and signs (1 SQL).

    In the caller's transaction if there is one. Raises Forbidden.
    """
    permissions.can_doubt(actor).or_forbidden()
    words = rules.gap_words(text)
    if len(words) < 2:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [words, rules.month_of(clock.today())])
    return words


def settle_gap(*, actor: Actor, gap_id: int) -> None:
    """An article was written, or none is needed. Raises Forbidden, Conflict."""
    permissions.can_keep_any(actor).or_forbidden()
    rows = Gap.objects.filter(pk=gap_id, settled_at__isnull=True)
    if not rows.update(settled_at=clock.now(), settled_by=actor.label):
        raise Conflict("settled", _("这一条已经处理过了。"))
