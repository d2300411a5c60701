"""Tables in: the tree and many articles at once. All rows or none; an unchanged article keeps its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Invalid
from linli.organisations import queries as organisations

from .. import permissions, shelf, table
from ..choices import State
from ..models import Article, Category, Version
from ..rules import Content
from .keep import bump, categories, divisions, next_review

BATCH = 500
DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a table would do, or did: `loaded` is False when there was a problem or it was only a trial."""

    created: int
    changed: int
    unchanged: int
    drafts: int  # of the created and changed ones, how many stay drafts
    problems: tuple[str, ...]
    loaded: bool


def load_categories(*, actor: Actor, text: str) -> int:
    """Put the tree of a CSV (code, parent, name, name_en) in place of the one there is. Returns how many nodes.

    Raises Forbidden, Invalid when a node is malformed or articles still hang on one that would go.
    """
    permissions.can_import(actor).or_forbidden()
    rows = table.read_categories(text)
    codes = {r["code"] for r in rows}
    used = set(Version.objects.filter(state__in=(State.PUBLISHED, State.DRAFT)).values_list("category", flat=True))
    if lost := sorted(used - codes):
        raise Invalid("category_used", _("这些类别还有答复：%(codes)s。") % {"codes": _("、").join(lost)})
    with transaction.atomic():
        bump()
        Category.objects.exclude(code__in=codes).delete()
        for row in rows:
            fields = {k: row[k] for k in ("parent", "name", "name_en")}
            Category.objects.update_or_create(code=row["code"], defaults=fields)
    shelf.forget()
    return len(rows)


def load_articles(*, actor: Actor, rows: list[dict[str, str]], dry_run: bool = False) -> LoadReport:
    """Add and change articles by the rows of a table (columns: `table.COLUMNS`); those absent are left as they are.

    A row whose state is published goes into use, any other becomes a draft. Raises Forbidden.
    """
    permissions.can_import(actor).or_forbidden()
    lines, problems = table.typed(rows, categories=categories(), divisions=divisions())
    if not rows:
        problems.append(_("文件里没有答复。"))
    known = {a.code: a for a in Article.objects.filter(code__in=[x.code for x in lines])}
    newest: dict[int, Version] = {}
    for version in Version.objects.filter(article__in=[a.pk for a in known.values()]).order_by("number"):
        newest[version.article_id] = version
    new = [x for x in lines if x.code not in known]
    changed = [x for x in lines if x.code in known and not _same(x, known[x.code], newest[known[x.code].pk])]
    report = LoadReport(
        len(new), len(changed), len(lines) - len(new) - len(changed),
        sum(not x.published for x in (*new, *changed)), tuple(problems), loaded=False,
    )  # fmt: skip
    if problems or dry_run:
        return report
    initials = {x.code: shelf.initials_of(x.content.question, x.content.keywords) for x in (*new, *changed)}
    with transaction.atomic():
        number = bump()
        _create(actor, new, initials, number)
        for line in changed:
            _change(actor, line, known[line.code], initials[line.code], number)
        record(
            actor=actor,
            verb=AuditVerb.OTHER,
            target="articles",
            change="import",
            created=len(new),
            changed=len(changed),
        )
    shelf.forget()
    return LoadReport(report.created, report.changed, report.unchanged, report.drafts, (), loaded=True)


def bring_articles(*, actor: Actor, rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """`load_articles`, with what `take_back_articles` needs to know. Raises Forbidden, Invalid (nothing was loaded)."""
    permissions.can_import(actor).or_forbidden()
    known = Article.objects.filter(code__in=[row.get("code", "") for row in rows])
    memo: dict[str, dict[str, Any]] = {
        row.code: {"code": row.code, "owner": row.owner_body_id, "review_on": row.review_on.isoformat()}
        for row in known
    }
    for version in Version.objects.filter(article__in=known, state__in=(State.PUBLISHED, State.DRAFT)):
        kept = memo[version.article.code]
        if version.state == State.DRAFT:  # a draft that is written over is gone, so its words are kept
            kept["draft"] = {name: _plain(getattr(version, name)) for name in _DRAFT}
        else:
            kept["published"] = version.number
    report = load_articles(actor=actor, rows=rows)
    if not report.loaded:
        raise Invalid("bad_articles", _("答复表不能装入，什么都没有改。"), fields={"file": list(report.problems)})
    return [memo.get(row["code"], {"code": row["code"], "new": True}) for row in rows]


_DRAFT = (*Content.__dataclass_fields__, "initials", "written_by", "written_at")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def take_back_articles(*, actor: Actor, memo: Sequence[Mapping[str, Any]]) -> None:
    """As the articles were before `bring_articles`: what was published by it is retired or replaced by what it replaced,
    as a version of its own, since whoever was told an answer can look it up again. Raises Forbidden."""
    permissions.can_import(actor).or_forbidden()
    with transaction.atomic():
        number = bump()
        for kept in memo:
            article = Article.objects.get(code=kept["code"])
            Version.objects.filter(article=article, state=State.DRAFT).delete()
            if kept.get("new"):
                if not _end(article, State.RETIRED):
                    article.delete()
                    continue
            else:
                _restore(actor, article, kept)
            Article.objects.filter(pk=article.pk).update(seq=F("seq") + 1, changed=number)
        record(actor=actor, verb=AuditVerb.OTHER, target="articles", change="import_undone", count=len(memo))
    shelf.forget()


def _end(article: Article, state: State) -> int:
    """Take what is published out of use; how many versions were."""
    published = Version.objects.filter(article=article, state=State.PUBLISHED)
    return published.update(state=state, ended_at=clock.now())


def _restore(actor: Actor, article: Article, kept: Mapping[str, Any]) -> None:
    day = date.fromisoformat(kept["review_on"])
    Article.objects.filter(pk=article.pk).update(owner_body_id=kept["owner"], review_on=day)
    now, last = clock.now(), Version.objects.filter(article=article).aggregate(n=Max("number"))["n"] or 0
    before = Version.objects.filter(article=article, number=kept.get("published", 0)).first()
    if before is None or before.state != State.PUBLISHED:
        _end(article, State.REPLACED if before else State.RETIRED)
    if before is not None and before.state != State.PUBLISHED:
        last += 1
        before.pk, before.number, before.state, before.ended_at = None, last, State.PUBLISHED, None
        before.published_at, before.published_by = now, actor.label
        before.save(force_insert=True)
    if draft := kept.get("draft"):
        days = {name: date.fromisoformat(draft[name]) if draft[name] else None for name in ("valid_from", "valid_to")}
        written = datetime.fromisoformat(draft["written_at"])
        said = draft | days | {"written_at": written}
        Version.objects.create(article=article, number=last + 1, state=State.DRAFT, **said)


def _owner(line: table.Line) -> int | None:
    body = organisations.body_by_code(line.owner) if line.owner else None
    return body.id if body else None


def _same(line: table.Line, row: Article, version: Version) -> bool:
    wanted = State.PUBLISHED if line.published else State.DRAFT
    return (
        version.state == wanted
        and row.owner_body_id == _owner(line)
        and (line.review_on is None or row.review_on == line.review_on)
        and all(getattr(version, k) == v for k, v in asdict(line.content).items())
    )


def _version(actor: Actor, line: table.Line, article: Article, number: int, initials: str) -> Version:
    now = clock.now()
    published = {"published_at": now, "published_by": actor.label} if line.published else {}
    return Version(
        article=article,
        number=number,
        state=State.PUBLISHED if line.published else State.DRAFT,
        initials=initials,
        written_at=now,
        written_by=actor.label,
        **asdict(line.content),
        **published,  # type: ignore[arg-type]
    )


def _create(actor: Actor, lines: list[table.Line], initials: dict[str, str], revision: int) -> None:
    later = next_review()
    articles = [
        Article(code=x.code, owner_body_id=_owner(x), review_on=x.review_on or later, changed=revision) for x in lines
    ]
    Article.objects.bulk_create(articles, batch_size=BATCH)
    Version.objects.bulk_create(
        [_version(actor, x, a, 1, initials[x.code]) for x, a in zip(lines, articles, strict=True)], batch_size=BATCH
    )


def _change(actor: Actor, line: table.Line, row: Article, initials: str, revision: int) -> None:
    Article.objects.filter(pk=row.pk).update(
        owner_body_id=_owner(line), review_on=line.review_on or row.review_on, seq=row.seq + 1, changed=revision
    )
    drafts = Version.objects.filter(article=row, state=State.DRAFT)
    drafts.delete()
    if line.published:
        Version.objects.filter(article=row, state=State.PUBLISHED).update(state=State.REPLACED, ended_at=clock.now())
    last = Version.objects.filter(article=row).aggregate(n=Max("number"))["n"] or 0
    _version(actor, line, row, last + 1, initials).save()


def load_pack(*, actor: Actor, folder: Path) -> LoadReport:
    """The tree and the articles of a pack folder. What a person has written since is left as it is. Raises Invalid.

    Without `categories.csv` in the folder the shipped tree is taken; without `articles.csv` no article is loaded.
    """
    permissions.can_import(actor).or_forbidden()
    own, path = folder / "categories.csv", folder / "articles.csv"
    load_categories(actor=actor, text=(own if own.exists() else DATA / "categories.csv").read_text(encoding="utf-8"))
    if not path.exists():
        return LoadReport(0, 0, 0, 0, (), loaded=False)
    taken = set(Version.objects.exclude(written_by=SYSTEM.label).values_list("article__code", flat=True))
    report = load_articles(actor=actor, rows=[r for r in table.read(path.read_bytes()) if r.get("code") not in taken])
    if report.problems:
        raise Invalid(
            "bad_articles", _("答复表不能装入，什么都没有改。"), fields={"articles.csv": list(report.problems)}
        )
    return report
