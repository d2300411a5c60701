"""The life of an article: draft, publish, retire, review. Every change swaps the article's `seq`."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.site import limits
from linli.territory import queries as territory

from .. import permissions, rules, shelf
from ..choices import CODE_MAX, State
from ..models import Article, Category, Revision, Version
from ..rules import Content


def next_review() -> date:
    """The day proposed to an author who says nothing; what is published has its day in its row."""
    return clock.today() + timedelta(days=limits.days(limits.Span.ARTICLE_REVIEW))


def create_article(
    *, actor: Actor, content: Content, owner_body: int | None, code: str = "", review_on: date | None = None
) -> str:
    """A new article with its first draft; its code (given, or made). Raises Forbidden, Invalid, Conflict."""
    permissions.can_keep(actor, owner_body).or_forbidden()
    content = checked(content)
    review_on = _review_day(review_on or next_review())
    code = code.strip()
    if code and (said := rules.check_code(code)):
        raise Invalid("bad_code", said[0], fields={"code": said})
    initials = shelf.initials_of(content.question, content.keywords)
    try:
        with transaction.atomic():
            row = Article.objects.create(
                code=code or f"new-{secrets.token_hex(8)}", owner_body_id=owner_body, review_on=review_on
            )
            if not code:
                row.code = f"a{row.pk:05d}"
                row.save(update_fields=["code"])
            _write_draft(actor, row, content, initials)
    except IntegrityError as error:
        if not Article.objects.filter(code=code).exists():
            raise
        raise Conflict("code_taken", _("这个代码已经有答复使用。"), fields={"code": [_("请换一个代码。")]}) from error
    return row.code


def save_draft(
    *, actor: Actor, code: str, seq: int, content: Content, owner_body: int | None, review_on: date | None = None
) -> None:
    """Write the one draft of an article (a new version if there is none). `seq` is what the author saw.

    Only administrators hand an article to another body. Raises Missing, Forbidden, Invalid, Conflict.
    """
    row = kept(actor, code)
    if owner_body != row.owner_body_id:
        permissions.can_import(actor).or_forbidden()
    content = checked(content)
    initials = shelf.initials_of(content.question, content.keywords)
    day = _review_day(review_on) if review_on else row.review_on
    with transaction.atomic():
        _swap(row, seq, owner_body=owner_body, review_on=day)
        _write_draft(actor, row, content, initials)


def publish(*, actor: Actor, code: str, seq: int) -> int:
    """Put the draft in use; the version before keeps its text and is marked replaced. The version's id.

    Raises Missing, Forbidden, Invalid (no draft, review date passed), Conflict.
    """
    row = kept(actor, code)
    _review_day(row.review_on)
    with transaction.atomic():
        number = bump()
        _swap(row, seq, changed=number)
        now = clock.now()
        draft = Version.objects.filter(article=row, state=State.DRAFT).first()
        if draft is None:
            raise Invalid("no_draft", _("没有草稿可以发布。"))
        Version.objects.filter(article=row, state=State.PUBLISHED).update(state=State.REPLACED, ended_at=now)
        Version.objects.filter(pk=draft.pk).update(state=State.PUBLISHED, published_at=now, published_by=actor.label)
        record(actor=actor, verb=AuditVerb.OTHER, target=f"article:{code}", change="publish", version=draft.number)
    shelf.forget()
    return draft.pk


def retire(*, actor: Actor, code: str, seq: int) -> None:
    """Take the article out of use; its versions stay. Raises Missing, Forbidden, Invalid (not in use), Conflict."""
    row = kept(actor, code)
    with transaction.atomic():
        number = bump()
        _swap(row, seq, changed=number)
        ended = Version.objects.filter(article=row, state=State.PUBLISHED).update(
            state=State.RETIRED, ended_at=clock.now()
        )
        if not ended:
            raise Invalid("not_published", _("这条答复没有在用。"))
        record(actor=actor, verb=AuditVerb.OTHER, target=f"article:{code}", change="retire")
    shelf.forget()


def review(*, actor: Actor, code: str, seq: int, review_on: date) -> None:
    """Say that it is still right, and when to look again. Raises Missing, Forbidden, Invalid, Conflict."""
    row = kept(actor, code)
    _review_day(review_on)
    with transaction.atomic():
        _swap(row, seq, review_on=review_on)
        record(actor=actor, verb=AuditVerb.OTHER, target=f"article:{code}", change="review", until=review_on)


def kept(actor: Actor, code: str) -> Article:
    """The article, if this actor keeps it. Raises Missing, Forbidden."""
    row = Article.objects.filter(code=code[:CODE_MAX]).first()
    if row is None:
        raise Missing("no_such_article", _("没有这条答复，或者它已经停用。"))
    permissions.can_keep(actor, row.owner_body_id).or_forbidden()
    return row


def checked(content: Content) -> Content:
    """Tidied and complete. Raises Invalid with sentences by field."""
    content = rules.cleaned(content)
    said = rules.problems(content, categories=categories(), divisions=divisions())
    if said:
        raise Invalid("bad_article", _("答复的内容有误，请按提示修改。"), fields=said)
    return content


def categories() -> frozenset[str]:
    return frozenset(Category.objects.values_list("code", flat=True))


def divisions() -> frozenset[str] | None:
    """The codes that a version may name; None while no territory is loaded."""
    if not territory.is_loaded():
        return None
    district = territory.district().code
    return frozenset(d.code for level in (9, 12) for d in territory.divisions(level)) | {district}


def bump() -> int:
    """The next revision. Its row is the lock that orders all changes that search sees; call inside `atomic`."""
    Revision.objects.get_or_create(pk=1)
    Revision.objects.filter(pk=1).update(number=F("number") + 1, value=secrets.token_hex(16))
    return Revision.objects.values_list("number", flat=True).get(pk=1)


def _review_day(day: date) -> date:
    if said := rules.check_review(day, clock.today(), limits.days(limits.Span.ARTICLE_REVIEW_MOST)):
        raise Invalid("bad_review", said[0], fields={"review_on": said})
    return day


def _swap(row: Article, seq: int, **fields: object) -> None:
    if not Article.objects.filter(pk=row.pk, seq=seq).update(seq=F("seq") + 1, **fields):
        raise Conflict("article_changed", _("这条答复刚被别人改过，请刷新后再试。"))


def _write_draft(actor: Actor, row: Article, content: Content, initials: str) -> None:
    said = asdict(content) | {"initials": initials, "written_at": clock.now(), "written_by": actor.label}
    if not Version.objects.filter(article=row, state=State.DRAFT).update(**said):
        last = Version.objects.filter(article=row).aggregate(n=Max("number"))["n"] or 0
        Version.objects.create(article=row, number=last + 1, state=State.DRAFT, **said)
