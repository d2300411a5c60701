"""The articles as a table that is taken in through exchange: new and changed ones become versions, with an undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from linli.core.actor import SYSTEM, Actor
from linli.core.decision import Decision
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.organisations import queries as organisations

from . import actions, permissions, queries, table
from .actions.keep import categories, divisions
from .choices import (
    ANSWER_MAX,
    CODE_MAX,
    KEYWORDS_MAX,
    QUESTION_MAX,
    SOURCE_MAX,
    SPOKEN_MAX,
    URL_MAX,
    Audience,
    Provenance,
    State,
)


def columns() -> Sequence[Column]:
    """What a table of articles holds; the English names are those of older exports."""
    states = {str(s): (s.label,) for s in (State.PUBLISHED, State.DRAFT)}
    return (
        Column("code", _("代码"), "Code", required=True, most=CODE_MAX, hint=_("小写字母、数字和连字符。"), width=20),
        Column("question", pgettext("article", "问题"), "Question", required=True, most=QUESTION_MAX, width=40),
        Column("answer", _("答复"), "Answer", required=True, most=ANSWER_MAX, width=80),
        Column("spoken", _("电话里怎么说"), "Spoken", most=SPOKEN_MAX, width=40),
        Column("keywords", _("其他说法"), "Keywords", most=KEYWORDS_MAX, width=30, hint=_("用空格隔开。")),
        Column("category", _("类别"), "Category", Kind.CODE, required=True, most=8, hint=_("类别编码，两位或四位。")),
        Column("audience", _("给谁看"), "Audience", Kind.CHOICE, choices={str(k): (v,) for k, v in Audience.choices},
               hint=_("不写是居民和工作人员。")),
        Column("division", _("适用区划"), "Division", Kind.CODE, most=12, hint=_("6、9 或 12 位代码；不写是全区。")),
        Column("owner_body", _("责任单位"), "Owner body", Kind.CODE, most=32, hint=_("单位代码。"), width=20),
        Column("source", _("出处"), "Source", most=SOURCE_MAX, width=40),
        Column("source_url", _("出处网址"), "Source address", most=URL_MAX, width=30),
        Column("provenance", _("依据"), "Provenance", Kind.CHOICE, choices={str(k): (v,) for k, v in Provenance.choices},
               hint=_("不写是暂定。")),
        Column("review_on", _("下次复核"), "Review on", Kind.DATE, hint=_("不写就不改；新的是半年以后。")),
        Column("valid_from", _("生效日期"), "Valid from", Kind.DATE),
        Column("valid_to", _("失效日期"), "Valid to", Kind.DATE),
        Column("state", _("状态"), "State", Kind.CHOICE, choices=states, hint=_("写“在用”就发布，不写是草稿。")),
    )  # fmt: skip


def values_of(row: Any) -> dict[str, Any]:
    """A version (with its article) as the values of the columns."""
    body = organisations.body(row.article.owner_body_id)
    return {name: getattr(row, name) for name in table.COLUMNS if hasattr(row, name)} | {
        "code": row.article.code,
        "owner_body": body.code if body else "",
        "review_on": row.article.review_on,
    }


class ArticleImporter:
    """Articles that a file does not name are left as they are."""

    kind = "articles"
    title = gettext_lazy("知识库答复")
    hint = gettext_lazy("一行一条：新的添上，改的成为新版，没有写到的不动。状态写“在用”的马上能搜到。")
    home = "knowledge:search"
    retires = False

    def can(self, actor: Actor) -> Decision:
        return permissions.can_import(actor)

    def columns(self) -> Sequence[Column]:
        return columns()

    def key(self, values: Mapping[str, Any]) -> str:
        return str(values["code"])

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{values['code']} {values.get('question') or ''}".strip()

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        """The newest of each article: its draft if there is one, else what is published."""
        found = {row.article.code: values_of(row) for row in queries.rows_for_export(actor=SYSTEM)}
        return dict(sorted(found.items()))

    def revision(self) -> str:
        return queries.state_of_articles()

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        headings, known = {c.key: c.heading for c in columns()}, {"categories": categories(), "divisions": divisions()}
        wrong = []
        for row, said in zip(rows, texts_of(rows, self.current()), strict=True):
            for field, sentence in table.examined(said, **known)[1]:  # type: ignore[arg-type]
                value = shown(said.get(field, ""))
                wrong.append(Refused(row.number, headings.get(field, ""), value, str(sentence), "bad_article"))
        return wrong

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        drafts = sum((row.values.get("state") or "") != State.PUBLISHED for row in plan.new)
        return [_("新增的里有 %(n)s 条是草稿，要发布以后才能搜到。") % {"n": drafts}] if drafts else []

    def about(self) -> Sequence[tuple[Any, Any]]:
        tree = _("、").join(f"{c.code} {c.name}" for c in queries.categories())
        return [
            (_("表格"), self.title),
            (_("怎么读"), _("一行一条答复：在用的，和还没有发布的草稿。")),
            (_("类别编码"), tree),
        ]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        touched = {r.number for r in plan.new} | {c.number for c in plan.changed}
        fresh = texts_of([r for r in rows if r.number in touched], self.current())
        return {"articles": actions.bring_articles(actor=actor, rows=fresh)}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        actions.take_back_articles(actor=actor, memo=memo["articles"])


def texts_of(rows: Iterable[Row], now: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """The rows as the texts that `table.typed` reads; what a file has no column for stays as it is `now`."""
    said = ({**now.get(str(r.values["code"]), {}), **r.values} for r in rows)
    return [{name: "" if (v := values.get(name)) is None else str(v) for name in table.COLUMNS} for values in said]
