"""A colleague says that an answer is wrong; its owner says that this is settled."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import permissions, rules
from ..choices import State
from ..models import Doubt, Version

MOST_OPEN = 50  # notes that wait on one version; more say nothing new


def report_wrong(*, actor: Actor, version_id: int, note: str) -> None:
    """Leave a short note for the owner. Raises Forbidden, Missing, Invalid (empty, long, numbers like a telephone's)."""
    permissions.can_doubt(actor).or_forbidden()
    note = rules.clean(note)
    if said := rules.check_note(note):
        raise Invalid("bad_note", said[0], fields={"note": said})
    if not Version.objects.filter(pk=version_id).exclude(state=State.DRAFT).exists():
        raise Missing("no_such_version", _("没有这条答复，或者它已经停用。"))
    if Doubt.objects.filter(version=version_id, settled_at__isnull=True).count() >= MOST_OPEN:
        raise Conflict("many_notes", _("这条答复已经收到很多反馈，责任单位正在处理。"))
    Doubt.objects.create(version_id=version_id, note=note, at=clock.now(), actor=actor.label)


def settle(*, actor: Actor, doubt_id: int) -> str:
    """The owner has looked at a note; the article's code. Raises Missing, Forbidden, Conflict."""
    row = Doubt.objects.select_related("version__article").filter(pk=doubt_id).first()
    if row is None:
        raise Missing("no_such_note", _("没有这条反馈。"))
    article = row.version.article
    permissions.can_keep(actor, article.owner_body_id).or_forbidden()
    with transaction.atomic():
        if not Doubt.objects.filter(pk=doubt_id, settled_at__isnull=True).update(
            settled_at=clock.now(), settled_by=actor.label
        ):
            raise Conflict("settled", _("这条反馈已经处理过了。"))
        record(actor=actor, verb=AuditVerb.OTHER, target=f"article:{article.code}", change="settle", note=doubt_id)
    return str(article.code)
