"""Many accounts at once, for the system alone: the cast, and the simulated staff of a demonstration."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import no

from ..choices import AuditVerb
from ..models import Account, PostHeld
from .posts import check_post
from .record import changing, record


@dataclass(frozen=True, slots=True)
class NewPerson:
    """`password` None: cannot sign in. `simulated`: acts in simulated matters only."""

    username: str
    name: str
    kind: str
    division: str
    body_id: int | None = None
    password: str | None = None
    demonstration: bool = True
    simulated: bool = False


def create_staff(*, actor: Actor, people: Iterable[NewPerson], valid_from: datetime) -> int:
    """Accounts with one post each, in one transaction; those whose user name exists are left alone. How many are new."""
    if actor.kind != "system":
        no("system_only", _("只有系统可以成批建立账号。")).or_forbidden()
    wanted = {p.username: p for p in people}
    for p in wanted.values():
        check_post(p.kind, p.division, p.body_id)
    held = set(Account.objects.filter(username__in=list(wanted)).values_list("username", flat=True))
    new = [p for p in wanted.values() if p.username not in held]
    with ThreadPoolExecutor(4) as pool:  # argon2 is slow on purpose and lets other threads run
        encoded = list(pool.map(make_password, [p.password for p in new]))
    now = clock.now()
    rows = [
        Account(
            username=p.username,
            display_name=p.name,
            password=password,
            is_demonstration=p.demonstration,
            is_simulated=p.simulated,
            created_at=now,
        )
        for p, password in zip(new, encoded, strict=True)
    ]
    if not rows:
        return 0
    with transaction.atomic():
        changing()
        Account.objects.bulk_create(rows, batch_size=500)
        ids = dict(Account.objects.filter(username__in=[p.username for p in new]).values_list("username", "id"))
        PostHeld.objects.bulk_create(
            [
                PostHeld(
                    account_id=ids[p.username],
                    kind=p.kind,
                    division=p.division,
                    body_id=p.body_id,
                    valid_from=valid_from,
                )
                for p in new
            ],
            batch_size=500,
        )
        record(actor=actor, verb=AuditVerb.CREATE_ACCOUNT, target="accounts", count=len(new))
    return len(new)
