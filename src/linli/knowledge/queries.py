"""Reads: search, one article, its versions, what is due for review, how often it was used."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.organisations import queries as organisations

from . import markup, permissions, rules
from .choices import State
from .marks import Mark, marked, snippet
from .models import Article, Doubt, Gap, Revision, Use, Version
from .shelf import CategoryView, shelf

LIMIT = 8
MOST = 50  # more than this nobody reads


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a result. `title` and `snippet` come in pieces, of which some were looked for."""

    code: str
    version_id: int
    number: int
    question: str
    title: tuple[Mark, ...]
    snippet: tuple[Mark, ...]
    spoken: str
    category: str
    category_name: str
    owner_body: int | None
    division: str
    audience: str
    provenance: str
    review_on: date
    stale: bool


@dataclass(frozen=True, slots=True)
class Results:
    """The best hits; `more` further ones exist; `complete` when every word was found in each."""

    text: str
    hits: tuple[Hit, ...]
    total: int
    complete: bool

    @property
    def more(self) -> int:
        return self.total - len(self.hits)


@dataclass(frozen=True, slots=True)
class ArticleView:
    """One version of an article, to be read or read out. `blocks` is the answer; `current` whether it is in use now."""

    id: int
    code: str
    version_id: int
    number: int
    state: str
    question: str
    answer: str
    blocks: tuple[markup.Block, ...]
    spoken: str
    keywords: str
    source: str
    source_url: str
    audience: str
    category: str
    category_name: str
    owner_body: int | None
    owner_name: str
    division: str
    valid_from: date | None
    valid_to: date | None
    provenance: str
    review_on: date
    stale: bool
    seq: int
    written_at: datetime
    written_by: str
    published_at: datetime | None
    published_by: str
    ended_at: datetime | None

    @property
    def current(self) -> bool:
        """In use, and valid today."""
        today = clock.today()
        begun = self.valid_from is None or self.valid_from <= today
        return self.state == State.PUBLISHED and begun and (self.valid_to is None or today <= self.valid_to)

    @property
    def spoken_or_plain(self) -> str:
        """What to say on the telephone: the short answer, else the beginning of the long one."""
        return self.spoken or markup.plain(self.answer)[:200]


def categories() -> tuple[CategoryView, ...]:
    """The tree by code: a top before its own."""
    return tuple(shelf().categories.values())


def category_name(code: str) -> str:
    found = shelf().categories.get(code)
    return found.name if found else ""


def revision() -> int:
    """Grows with every change that search sees."""
    return shelf().number


def search(text: str, *, division: str = "", limit: int = LIMIT, public: bool = False) -> Results:
    """The best published articles for words or pinyin initials (1 SQL for the texts of the hits).

    `public` leaves out what is for staff only; `division` keeps what is valid there ("" is everywhere).
    """
    kept = shelf()
    found = kept.index.find(
        text, today=clock.today(), division=division[:12], limit=min(max(limit, 1), MOST), public=public
    )
    if not found.ids:
        return Results(text, (), found.total, found.complete)
    rows = {v.pk: v for v in Version.objects.filter(pk__in=found.ids).select_related("article")}
    today = clock.today()
    hits = tuple(_hit(rows[i], found.words, today) for i in found.ids if i in rows)
    return Results(text, hits, found.total, found.complete)


def _hit(row: Version, words: tuple[str, ...], today: date) -> Hit:
    return Hit(
        code=row.article.code,
        version_id=row.pk,
        number=row.number,
        question=row.question,
        title=marked(row.question, words, row.initials),
        snippet=snippet(markup.plain(row.answer), words),
        spoken=row.spoken,
        category=row.category,
        category_name=category_name(row.category),
        owner_body=row.article.owner_body_id,
        division=row.division,
        audience=row.audience,
        provenance=row.provenance,
        review_on=row.article.review_on,
        stale=row.article.review_on < today,
    )


def in_category(code: str, *, division: str = "", public: bool = False, limit: int = MOST) -> Results:
    """Published articles of a category and those below it, by title (2 SQL)."""
    return _listed(_open(public, division).filter(category__startswith=code), limit)


def often_used(*, division: str = "", public: bool = False, limit: int = LIMIT) -> Results:
    """What was used most in this month and the one before; without any use yet, by code (2 SQL)."""
    today = clock.today()
    months = [
        rules.month_of(today),
        rules.month_of(date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)),
    ]
    rows = _open(public, division).annotate(
        used=Sum("uses__count", filter=Q(uses__month__in=months, uses__kind__in=("answer", "read")), default=0)
    )
    return _listed(rows.order_by("-used", "article__code"), limit)


def _open(public: bool, division: str) -> QuerySet[Version]:
    today = clock.today()
    rows = Version.objects.filter(state=State.PUBLISHED).filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=today), Q(valid_to__isnull=True) | Q(valid_to__gte=today)
    )
    if public:
        rows = rows.filter(audience="everyone")
    if division:
        above = [division[:n] for n in (6, 9, 12) if len(division) >= n]
        rows = rows.filter(Q(division="") | Q(division__in=above) | Q(division__startswith=division))
    return rows.select_related("article").order_by("category", "question")


def titles_at(codes: Collection[str]) -> tuple[str, ...]:
    """Questions of the answers in use that are meant for one of these divisions only."""
    return tuple(_open(False, "").filter(division__in=list(codes)).values_list("question", flat=True))


def _listed(rows: QuerySet[Version], limit: int) -> Results:
    today = clock.today()
    return Results("", tuple(_hit(r, (), today) for r in rows[:limit]), rows.count(), True)


def counts_by_category(*, public: bool = False) -> dict[str, int]:
    """How many published articles each category holds itself (1 SQL)."""
    rows = _open(public, "").order_by().values_list("category").annotate(n=Count("id"))
    return dict(rows)


def article(code: str) -> ArticleView | None:
    """The version in use now, or None (1 SQL). Whether it may be read is `permissions.can_read`."""
    row = Version.objects.select_related("article").filter(article__code=code[:32], state=State.PUBLISHED).first()
    return _view(row) if row else None


def article_version(version_id: int) -> ArticleView | None:
    """A version as it was given, in use or not (1 SQL). Drafts are nobody's answer: None."""
    row = Version.objects.select_related("article").filter(pk=version_id).exclude(state=State.DRAFT).first()
    return _view(row) if row else None


def _view(row: Version) -> ArticleView:
    owner = row.article.owner_body_id
    owner = organisations.resolve(owner) if owner is not None else None
    return ArticleView(
        id=row.article_id,
        code=row.article.code,
        version_id=row.pk,
        blocks=markup.blocks(row.answer),
        category_name=category_name(row.category),
        owner_body=owner,
        owner_name=organisations.body_name(owner),
        review_on=row.article.review_on,
        stale=row.state == State.PUBLISHED and row.article.review_on < clock.today(),
        seq=row.article.seq,
        **{
            name: getattr(row, name)
            for name in (
                "number", "state", "question", "answer", "spoken", "keywords", "source", "source_url", "audience",
                "category", "division", "valid_from", "valid_to", "provenance", "written_at", "written_by",
                "published_at", "published_by", "ended_at",
            )
        },
    )  # fmt: skip


def versions(*, actor: Actor, code: str) -> list[ArticleView]:
    """All versions, newest first (1 SQL); drafts only for who keeps the article. Raises Missing."""
    rows = list(Version.objects.select_related("article").filter(article__code=code[:32]).order_by("-number"))
    if not rows or not permissions.is_staff(actor):
        raise Missing("no_such_article", _no_article())
    keeps = bool(permissions.can_keep(actor, _owner(rows[0].article)))
    shown = [_view(r) for r in rows if keeps or r.state != State.DRAFT]
    if not shown:
        raise Missing("no_such_article", _no_article())
    return shown


def _owner(row: Article) -> int | None:
    return row.owner_body_id


def _no_article() -> Any:
    from django.utils.translation import gettext

    return gettext("没有这条答复，或者它已经停用。")


@dataclass(frozen=True, slots=True)
class DueLine:
    """An article that waits for its owner: `reason` is stale, draft or doubt."""

    reason: str
    code: str
    question: str
    owner_name: str
    review_on: date
    seq: int
    note: str = ""
    at: datetime | None = None
    by: str = ""
    doubt_id: int = 0


def due(*, actor: Actor, everything: bool = False, limit: int = 200) -> list[DueLine]:
    """What waits for the actor's bodies (or for all, for administrators): notes, then overdue reviews, then drafts (3 SQL)."""
    permissions.can_keep_any(actor).or_forbidden()
    mine: Any = None if actor.kind == "system" or _administers(actor) else set(actor.bodies({"handler"}))
    today = clock.today()

    def owned(prefix: str) -> Q:
        return Q() if mine is None else Q(**{f"{prefix}owner_body__in": mine})

    doubts = Doubt.objects.filter(owned("version__article__"), settled_at__isnull=True).select_related(
        "version__article"
    )
    stale = Version.objects.filter(owned("article__"), state=State.PUBLISHED, article__review_on__lt=today)
    drafts = Version.objects.filter(owned("article__"), state=State.DRAFT)
    lines = [
        DueLine("doubt", d.version.article.code, d.version.question, _name(d.version.article), d.version.article.review_on,
                d.version.article.seq, d.note, d.at, d.actor, d.pk)
        for d in doubts.order_by("at")[:limit]
    ]  # fmt: skip
    for reason, rows in (("stale", stale.order_by("article__review_on")), ("draft", drafts.order_by("-written_at"))):
        lines += [
            DueLine(reason, v.article.code, v.question, _name(v.article), v.article.review_on, v.article.seq,
                    at=v.written_at, by=v.written_by)
            for v in rows.select_related("article")[:limit]
        ]  # fmt: skip
    return lines


@dataclass(frozen=True, slots=True)
class GapLine:
    """Search words that nothing answered; how often in their month."""

    id: int
    words: str
    month: str
    count: int


def gaps(*, actor: Actor, limit: int = 200) -> list[GapLine]:
    """What was asked and not answered and nobody has settled, newest month and most often first (1 SQL).

    For all who keep articles: whose a question is that nobody answers, no table can say. Raises Forbidden.
    """
    permissions.can_keep_any(actor).or_forbidden()
    rows = Gap.objects.filter(settled_at__isnull=True).order_by("-month", "-count", "words")
    return [GapLine(*row) for row in rows.values_list("id", "words", "month", "count")[:limit]]


def count_gaps(*, actor: Actor) -> int:
    """How many wait (1 SQL); 0 for who keeps nothing."""
    return Gap.objects.filter(settled_at__isnull=True).count() if permissions.can_keep_any(actor) else 0


def _administers(actor: Actor) -> bool:
    return actor.holds({"administrator"})


def _name(row: Article) -> str:
    return organisations.body_name(organisations.resolve(row.owner_body_id), short=True) if row.owner_body_id else ""


def count_due(*, actor: Actor) -> int:
    """How many lines `due` would have (3 SQL); 0 for who keeps nothing."""
    return len(due(actor=actor)) if permissions.can_keep_any(actor) else 0


def uses(*, actor: Actor, code: str, months: int = 12) -> dict[str, dict[str, int]]:
    """month → kind → count of all versions of an article, newest month first (1 SQL). For staff."""
    if not permissions.is_staff(actor):
        raise Missing("no_such_article", _no_article())
    rows = Use.objects.filter(version__article__code=code[:32]).values_list("month", "kind").annotate(n=Sum("count"))
    found: dict[str, dict[str, int]] = {}
    for month, kind, n in rows.order_by("-month"):
        found.setdefault(month, {})[kind] = n
    return dict(list(found.items())[:months])


def state_of_articles() -> str:
    """Changes with every change of an article, drafts included."""
    number = Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    found = Article.objects.aggregate(count=Count("pk"), moved=Sum("seq"))
    return f"{number}.{found['count']}.{found['moved'] or 0}"


def rows_for_export(*, actor: Actor) -> QuerySet[Version]:
    """Published versions and drafts by code, for the table. Raises Forbidden."""
    permissions.can_export(actor).or_forbidden()
    rows = Version.objects.filter(state__in=(State.PUBLISHED, State.DRAFT)).select_related("article")
    if not _administers(actor) and actor.kind != "system":
        rows = rows.filter(Q(state=State.PUBLISHED) | Q(article__owner_body__in=actor.bodies({"handler"})))
    return rows.order_by("article__code", "number")
