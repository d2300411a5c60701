"""Reads of accounts: the actor of a request, lists for the settings pages, the administrative record."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from linli.core import clock
from linli.core.actor import RESIDENT, Actor, Post
from linli.organisations import queries as organisations

from . import permissions
from .models import Account, Audit, PostHeld, Token

TOKEN_KEPT_S = 3.0  # how long a process may go on believing a token that was revoked elsewhere
_MAX_TOKENS = 1000
_tokens: dict[str, tuple[float, Actor]] = {}
_lock = threading.Lock()


def forget() -> None:
    """Drop what this process believes about tokens."""
    with _lock:
        _tokens.clear()


# --- who acts ------------------------------------------------------------------------------------------


def may_enter(account: Account) -> bool:
    """An account that is on; a demonstration account only where demonstration is on."""
    return account.is_active and (settings.DEMONSTRATION or not account.is_demonstration)


def _posts(account_ids: Any) -> dict[int, list[Post]]:
    """Posts held now (1 SQL). A post at a body also serves the bodies merged into it, so that no matter is orphaned."""
    now = clock.now()
    rows = (
        PostHeld.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=now), account__in=account_ids)
        .filter(valid_from__lte=now)
        .order_by("id")
        .values_list("account_id", "id", "kind", "division", "body_id")
    )
    held: dict[int, list[Post]] = {}
    for account_id, post_id, kind, division, body_id in rows:
        bodies = (None,) if body_id is None else organisations.family(body_id)
        held.setdefault(account_id, []).extend(Post(post_id, kind, division, b) for b in bodies)
    return held


def actor_of(account: Account) -> Actor:
    """The actor of an account already read (1 SQL); RESIDENT when it may not enter."""
    if not may_enter(account):
        return RESIDENT
    return Actor("person", account.pk, account.display_name, tuple(_posts([account.pk]).get(account.pk, ())))


def actor_for(account_id: int) -> Actor:
    """The actor of an account (2 SQL); RESIDENT when there is none or it may not enter."""
    account = Account.objects.filter(pk=account_id).first()
    return RESIDENT if account is None else actor_of(account)


def actors_for(account_ids: Iterable[int]) -> dict[int, Actor]:
    """Many actors in 2 SQL; those who may not enter are left out."""
    accounts = [a for a in Account.objects.filter(pk__in=list(account_ids)) if may_enter(a)]
    held = _posts([a.pk for a in accounts])
    return {a.pk: Actor("person", a.pk, a.display_name, tuple(held.get(a.pk, ()))) for a in accounts}


def fingerprint(secret: str) -> str:
    """What is kept of a token's secret: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def actor_for_token(secret: str) -> Actor | None:
    """The actor of a token (2 SQL, then none for a few seconds), with only the posts in its scopes; None if not valid."""
    key = fingerprint(secret)
    kept = _tokens.get(key)
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    token = (
        Token.objects.select_related("account")
        .filter(hash=key, revoked_at__isnull=True, expires_at__gt=clock.now())
        .first()
    )
    if token is None or not may_enter(token.account):
        return None
    scopes = set(token.scopes.split(","))
    every = _posts([token.account_id]).get(token.account_id, [])
    posts = tuple(p for p in every if p.kind in scopes)
    serves = frozenset(p.body_id for p in every if p.body_id is not None)
    actor = Actor("token", token.account_id, token.account.display_name, posts, serves)
    with _lock:
        if len(_tokens) >= _MAX_TOKENS:
            _tokens.clear()
        _tokens[key] = (time.monotonic() + TOKEN_KEPT_S, actor)
    return actor


def names(account_ids: Iterable[int]) -> dict[int, str]:
    """Display names for a history page (1 SQL)."""
    ids = {i for i in account_ids if i is not None}
    return dict(Account.objects.filter(pk__in=ids).values_list("id", "display_name")) if ids else {}


def usernames(wanted: Iterable[str]) -> dict[str, int]:
    """Ids by user name, of those that exist (1 SQL)."""
    return dict(Account.objects.filter(username__in=list(wanted)).values_list("username", "id"))


def logins(account_ids: Iterable[int]) -> dict[int, str]:
    """User names by id, for tables that name accounts (1 SQL)."""
    ids = set(account_ids)
    return dict(Account.objects.filter(pk__in=ids).values_list("id", "username")) if ids else {}


def simulated_actors(*, actor: Actor) -> dict[str, Actor]:
    """The simulated staff by user name (2 SQL), for the system alone: these accounts can never sign in."""
    if actor.kind != "system":
        raise PermissionError("simulated staff acts for the system only")
    accounts = list(Account.objects.filter(is_simulated=True).order_by("id"))
    held = _posts(PostHeld.objects.filter(account__is_simulated=True).values("account_id").distinct())
    return {a.username: Actor("person", a.pk, a.display_name, tuple(held.get(a.pk, ()))) for a in accounts}


def holders(*, kinds: Iterable[str], division: str = "", body_id: int | None = None) -> QuerySet[PostHeld]:
    """Posts held now of these kinds, exactly at `division` and, if named, at `body_id`."""
    now = clock.now()
    found = PostHeld.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=now), kind__in=[str(k) for k in kinds], valid_from__lte=now
    ).filter(account__is_active=True)
    found = found.filter(division=division) if division else found
    return found.filter(body_id=body_id) if body_id is not None else found


# --- settings pages --------------------------------------------------------------------------------------


def accounts(*, actor: Actor, text: str = "", include_simulated: bool = False) -> QuerySet[Account]:
    """Accounts by id, newest first, for the administrator."""
    permissions.can_administer(actor).or_forbidden()
    found = Account.objects.all() if include_simulated else Account.objects.filter(is_simulated=False)
    if text:
        found = found.filter(Q(username__icontains=text) | Q(display_name__icontains=text))
    return found.order_by("-id")


def account(*, actor: Actor, account_id: int) -> Account | None:
    """One account, for the administrator or for its own person."""
    if actor.id != account_id or actor.kind != "person":
        permissions.can_administer(actor).or_forbidden()
    return Account.objects.filter(pk=account_id).first()


def posts_of(*, actor: Actor, account_ids: Iterable[int], ended: bool = False) -> QuerySet[PostHeld]:
    """Posts of these accounts as rows, for the administrator or for their own person."""
    ids = list(account_ids)
    if ids != [actor.id] or actor.kind != "person":
        permissions.can_administer(actor).or_forbidden()
    found = PostHeld.objects.filter(account__in=ids).order_by("valid_to", "id")
    return found if ended else found.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=clock.now()))


def tokens(*, actor: Actor) -> QuerySet[Token]:
    """All tokens, newest first, for the administrator."""
    permissions.can_administer(actor).or_forbidden()
    return Token.objects.select_related("account").order_by("-id")


@dataclass(frozen=True, slots=True)
class AuditLine:
    id: int
    at: datetime
    actor: str
    actor_name: str
    verb: str
    target: str
    target_name: str
    facts: dict[str, Any]


def audit(*, actor: Actor, before: int | None = None, verb: str = "", limit: int = 50) -> list[AuditLine]:
    """The record of administration, newest first (2 SQL), paged by id."""
    permissions.can_read_audit(actor).or_forbidden()
    found = Audit.objects.order_by("-id")
    found = found.filter(verb=verb) if verb else found
    found = found.filter(pk__lt=before) if before else found
    rows = list(found[:limit])
    named = names(_account_id(x) for r in rows for x in (r.actor, r.target))

    def name(label: str) -> str:
        return named.get(_account_id(label) or 0, "")

    return [AuditLine(r.pk, r.at, r.actor, name(r.actor), r.verb, r.target, name(r.target), json.loads(r.body or "{}"))
            for r in rows]  # fmt: skip


def _account_id(label: str) -> Any:
    kind, _sep, number = label.partition(":")
    return int(number) if kind in {"person", "account", "token"} and number.isdigit() else None


def count_posts_at(divisions: Iterable[str]) -> int:
    """How many posts are held at exactly these divisions now (1 SQL)."""
    return PostHeld.objects.filter(division__in=list(divisions), valid_to=None).count()
