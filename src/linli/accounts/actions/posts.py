"""Writers of posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.organisations import queries as organisations

from .. import permissions, places, rules
from ..choices import AuditVerb, PostKind
from ..models import PostHeld
from .record import account_row, changing, keep_one_administrator, record


def give_post(
    *,
    actor: Actor,
    account_id: int,
    kind: str,
    division: str,
    body_id: int | None = None,
    valid_from: datetime | None = None,
) -> int:
    """Let a person hold a post from now on (or from `valid_from`); the post's id.

    Raises Invalid (fields kind, division, body), Conflict when the post is already held.
    """
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        changing()
        account = account_row(account_id)
        check_post(kind, division, body_id)
        at_body: dict[str, int | bool] = {"body__isnull": True} if body_id is None else {"body_id": body_id}
        same = PostHeld.objects.filter(account=account, kind=kind, division=division, valid_to__isnull=True, **at_body)
        if same.exists():
            raise Conflict("post_held", _("此人已经担任这个岗位。"))
        post = PostHeld.objects.create(
            account=account, kind=kind, division=division, body_id=body_id, valid_from=valid_from or clock.now()
        )
        target = f"account:{account_id}"
        record(
            actor=actor, verb=AuditVerb.GIVE_POST, target=target, post=str(kind), division=division, body=_code(body_id)
        )
    return post.pk


def check_post(kind: str, division: str, body_id: int | None) -> None:
    body = organisations.body(body_id)
    if body_id is not None and (body is None or not body.is_active):
        raise Invalid("no_such_body", _("没有这个单位，或已停用。"), fields={"body": [_("请另选单位。")]})
    problem = rules.check_post(kind, division, body.division if body else None)
    if problem is None and not places.is_known(division):
        problem = ("division", "no_such_division", _("没有这个区划。"))
    if problem is not None:
        field, code, sentence = problem
        raise Invalid(code, sentence, fields={field: [sentence]})


def _code(body_id: int | None) -> str:
    body = organisations.body(body_id)
    return body.code if body else ""


def end_post(*, actor: Actor, post_id: int) -> None:
    """End a post now; the row stays. Raises Conflict for the last administrator and for a post already ended."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        changing()
        post = PostHeld.objects.filter(pk=post_id).first()
        if post is None:
            raise Missing("no_such_post", _("没有这个岗位。"))
        now = clock.now()
        if post.valid_to is not None and post.valid_to <= now:
            raise Conflict("post_ended", _("这个岗位已经结束。"))
        PostHeld.objects.filter(pk=post_id).update(valid_to=max(now, post.valid_from))
        if post.kind == PostKind.ADMINISTRATOR:
            keep_one_administrator()
        record(
            actor=actor,
            verb=AuditVerb.END_POST,
            target=f"account:{post.account_id}",
            post=post.kind,
            division=post.division,
            body=_code(post.body_id),
        )


def move_posts(*, actor: Actor, codes: Mapping[str, str]) -> list[list[int]]:
    """Posts held at a division that has another code now go on there: the old row ends, a new one begins.

    Old code → new. Answers [post ended, post begun or 0, post it goes on as] for `put_posts_back`; 0 where the person
    already held that post there. A post that is still to begin begins on its own day. Bodies move first.
    """
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        changing()
        now = clock.now()
        going = list(PostHeld.objects.filter(division__in=[*codes], valid_to=None).order_by("pk"))
        ended = [post.pk for post in going]
        _end(going, now)
        there = {
            _what(post): post
            for post in PostHeld.objects.filter(division__in={codes[p.division] for p in going}, valid_to=None)
        }
        new: list[PostHeld] = []
        goes_on = []
        for post in going:
            what = (post.account_id, post.kind, codes[post.division], post.body_id)
            if what not in there:
                there[what] = _begun(what, max(now, post.valid_from))
                new.append(there[what])
                goes_on.append((there[what], True))
            else:
                goes_on.append((there[what], False))
        PostHeld.objects.bulk_create(new)
        if ended:
            record(actor=actor, verb=AuditVerb.MOVE_POSTS, target="divisions", posts=len(ended))
    return [[pk, post.pk if fresh else 0, post.pk] for pk, (post, fresh) in zip(ended, goes_on, strict=True)]


def put_posts_back(*, actor: Actor, pairs: Iterable[Sequence[int]]) -> int:
    """Undo of `move_posts`: what it began ends, what it ended begins anew, unless somebody ended it meanwhile."""
    permissions.can_administer(actor).or_forbidden()
    with transaction.atomic():
        changing()
        now = clock.now()
        kept = [tuple(pair) for pair in pairs]
        held = {p.pk: p for p in PostHeld.objects.filter(pk__in={pk for pair in kept for pk in pair}).order_by("pk")}
        # what was ended by hand since stays ended, also where two posts had become one
        back = [held[ended] for ended, *later in kept if all(held[pk].valid_to is None for pk in later if pk)]
        _end([held[pair[1]] for pair in kept if pair[1] and held[pair[1]].valid_to is None], now)
        open_at = PostHeld.objects.filter(division__in={p.division for p in back}, valid_to=None)
        there = {_what(post) for post in open_at}
        wanted = {_what(post): max(now, post.valid_from) for post in back if _what(post) not in there}
        PostHeld.objects.bulk_create(_begun(what, since) for what, since in wanted.items())
        if wanted:
            record(actor=actor, verb=AuditVerb.MOVE_POSTS, target="divisions", posts=len(wanted), undone=True)
    return len(wanted)


_What = tuple[int, str, str, int | None]


def _what(post: PostHeld) -> _What:
    return post.account_id, post.kind, post.division, post.body_id


def _begun(what: _What, since: datetime) -> PostHeld:
    account_id, kind, division, body_id = what
    return PostHeld(account_id=account_id, kind=kind, division=division, body_id=body_id, valid_from=since)


def _end(posts: Iterable[PostHeld], now: datetime) -> None:
    """End posts now; one that was still to begin never begins. A few statements however many they are."""
    pks = [post.pk for post in posts]
    rows = PostHeld.objects.filter(pk__in=pks)
    rows.filter(valid_from__gt=now).update(valid_to=F("valid_from"))
    rows.filter(valid_to=None).update(valid_to=now)
