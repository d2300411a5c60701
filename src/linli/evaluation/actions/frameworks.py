"""Frameworks: what ships, drafts, their rows, publication, retirement. A published edition never changes."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import documents, permissions, trees
from ..choices import FrameworkState, NodeKind
from ..models import Framework, FrameworkNode
from ..queries import frameworks as reads
from ..queries.series import series

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "frameworks"
LISTED = "frameworks.json"
HEAD = ("family", "edition", "name", "name_en", "purpose", "level", "within", "valid_from", "valid_to", "scenario",
        "factors", "provenance", "source", "note")  # fmt: skip
NUMBERS = ("weight", "factor", "goal_low", "goal_high", "target")
ROWS_MOST = 500


def framework_files(folder: Path = SHIPPED) -> list[Path]:
    """What `load_frameworks` reads."""
    return [folder / LISTED, *sorted(folder.glob("*.csv"))]


def load_frameworks(*, actor: Actor, folder: Path = SHIPPED) -> list[str]:
    """Take in the editions that frameworks.json of a folder lists, published. The new ones, as "family-edition".

    An edition that is there stays as it is: another content needs another edition. Its series must be there.
    Raises Forbidden, Invalid (bad_framework), Conflict (edition_used).
    """
    permissions.can_work(actor).or_forbidden()
    new = []
    with transaction.atomic():
        for entry in json.loads((folder / LISTED).read_text(encoding="utf-8")):
            rows = read_rows((folder / entry["file"]).read_text(encoding="utf-8-sig"))
            if _load_one(actor, entry, rows):
                new.append(f"{entry['family']}-{entry['edition']}")
    return new


def read_rows(text: str) -> list[trees.Row]:
    """Rows of a tree out of CSV with the columns of trees.FIELDS."""
    found = []
    for line in csv.DictReader(text.splitlines()):
        values: dict[str, Any] = dict(line)
        for name in NUMBERS:
            values[name] = float(line[name]) if line[name] else None
        found.append(trees.Row(**{**values, "direction": int(line["direction"])}))
    return found


def _load_one(actor: Actor, entry: dict[str, Any], rows: list[trees.Row]) -> bool:
    known = Framework.objects.filter(family=entry["family"], edition=entry["edition"]).first()
    if known is not None:
        if reads.rows_of(known.pk) != rows and known.made_by == actor.label:
            said = {"name": entry["name"], "n": entry["edition"]}
            raise Conflict("edition_used", _("“%(name)s”第 %(n)s 版已有另一份内容。") % said)
        return False
    scenario = documents.scenario_of(entry["scenario"])
    documents.factors_of(entry["factors"])
    wrong = trees.faults(rows, purpose=entry["purpose"], series=series(trees.codes_in(rows)), scenario=scenario)
    if stops := [str(t) for t in wrong if t.stops]:
        raise Invalid("bad_framework", _("体系不能装入，什么都没有改。"), fields={entry["file"]: stops})
    now = clock.now()
    row = Framework.objects.create(
        **{name: entry[name] for name in HEAD}, state=FrameworkState.PUBLISHED, made_by=actor.label, made_at=now,
        published_by=actor.label, published_at=now,
    )  # fmt: skip
    _put(row.pk, rows)
    return True


def _put(framework_id: int, rows: Sequence[trees.Row]) -> None:
    FrameworkNode.objects.bulk_create(
        [FrameworkNode(framework_id=framework_id, order=i, **asdict(r)) for i, r in enumerate(rows, 1)], batch_size=200
    )


# --- drafts ---------------------------------------------------------------------------------------------------


def _say(actor: Actor, row: Framework, change: str, **more: Any) -> None:
    record(
        actor=actor, verb=AuditVerb.OTHER, target=f"framework:{row.family}-{row.edition}", change=change, **more
    )  # fmt: skip


def _one(framework_id: int) -> Framework:
    found = Framework.objects.filter(pk=framework_id).first()
    if found is None:
        raise Missing("no_such_framework", _("没有这个评价体系。"))
    return found


def _draft(actor: Actor, framework_id: int) -> Framework:
    permissions.can_work(actor).or_forbidden()
    row = _one(framework_id)
    if row.state != FrameworkState.DRAFT:
        raise Conflict("not_draft", _("这一版已经发布，不能改；请从它起草新的一版。"))
    return row


def _swap(row: Framework, version: int, **values: Any) -> None:
    """One more change of a draft, if it is still the one that was seen. Raises Conflict (changed_meanwhile)."""
    done = Framework.objects.filter(pk=row.pk, version=version, state=FrameworkState.DRAFT).update(
        version=F("version") + 1, **values
    )
    if not done:
        raise Conflict("changed_meanwhile", _("刚才有人改过这份草稿。请看一眼现在的内容再改。"))


def start_draft(*, actor: Actor, framework_id: int) -> int:
    """The next edition of a family, as a draft with the same rows. Returns its id. Raises Forbidden, Missing, Conflict
    (draft_there): one draft a family.
    """
    permissions.can_work(actor).or_forbidden()
    old = _one(framework_id)
    rows = reads.rows_of(old.pk)
    with transaction.atomic():
        family = Framework.objects.filter(family=old.family)
        if family.filter(state=FrameworkState.DRAFT).exists():
            raise Conflict("draft_there", _("这个体系已经有一份草稿，请接着改那一份。"))
        last = family.order_by("-edition").first() or old
        copied = {name: getattr(old, name) for name in HEAD if name not in ("edition", "valid_from", "valid_to")}
        new = Framework.objects.create(
            **copied, edition=last.edition + 1, valid_from=max(last.valid_from + 1, clock.today().year),
            made_by=actor.label, made_at=clock.now(),
        )  # fmt: skip
        _put(new.pk, rows)
        _say(actor, new, "draft")
    return new.pk


@dataclass(frozen=True, slots=True)
class Head:
    """What a framework says of itself."""

    name: str
    name_en: str
    valid_from: int
    source: str
    note: str


def change_head(*, actor: Actor, framework_id: int, version: int, head: Head) -> None:
    """Name, first year and words of a draft. Raises Forbidden, Missing, Conflict, Invalid."""
    row = _draft(actor, framework_id)
    wrong = {}
    if not head.name.strip() or len(head.name) > 120:
        wrong["name"] = [_("名称须为 1 到 120 个字。")]
    if not 1990 <= head.valid_from <= 2100:
        wrong["valid_from"] = [_("年份要在 1990 到 2100 之间。")]
    if wrong:
        raise Invalid("bad_head", _("还有内容没有填好。"), fields=wrong)
    with transaction.atomic():
        _swap(
            row, version, name=head.name.strip(), name_en=head.name_en.strip()[:160], valid_from=head.valid_from,
            source=head.source.strip()[:400], note=head.note.strip()[:600],
        )  # fmt: skip


def put_row(*, actor: Actor, framework_id: int, version: int, row: trees.Row, was: str = "") -> None:
    """Change the row `was` of a draft, or add one at the end of its parent. A code that changes takes its children along.

    What is wrong with the tree as a whole is said by the page and stops the publication, not the work on the draft.
    Raises Forbidden, Missing, Conflict, Invalid.
    """
    draft = _draft(actor, framework_id)
    rows = reads.rows_of(draft.pk)
    check_row(row, [r for r in rows if r.code != was])
    if was and all(r.code != was for r in rows):
        raise Missing("no_such_node", _("体系里没有这个节点。"))
    if was:
        rows = [row if r.code == was else _moved(r, was, row.code) for r in rows]
    else:
        rows.insert(_place(rows, row.parent), row)
    _replace(draft, version, rows)


def _moved(row: trees.Row, was: str, code: str) -> trees.Row:
    return replace(row, parent=code) if row.parent == was else row


def _place(rows: Sequence[trees.Row], parent: str) -> int:
    """Behind everything that is under the parent."""
    under = {parent}
    last = -1
    for i, r in enumerate(rows):
        if r.code == parent or r.parent in under:
            under.add(r.code)
            last = i
    return last + 1 if last >= 0 else len(rows)


def drop_row(*, actor: Actor, framework_id: int, version: int, code: str) -> None:
    """Take a row out of a draft; not one that has others below it. Raises Forbidden, Missing, Conflict, Invalid."""
    draft = _draft(actor, framework_id)
    rows = reads.rows_of(draft.pk)
    if all(r.code != code for r in rows):
        raise Missing("no_such_node", _("体系里没有这个节点。"))
    if any(r.parent == code and r.code != code for r in rows):
        raise Invalid("has_children", _("它下面还有内容，请先移走或删去。"))
    _replace(draft, version, [r for r in rows if r.code != code])


def _replace(draft: Framework, version: int, rows: Sequence[trees.Row]) -> None:
    with transaction.atomic():
        _swap(draft, version)
        FrameworkNode.objects.filter(framework=draft).delete()
        _put(draft.pk, rows)


def check_row(row: trees.Row, others: Sequence[trees.Row]) -> None:
    """Raises Invalid for a row that the table cannot hold; `others` are the rows beside it."""
    wrong: dict[str, list[str]] = {}
    if not trees.CODE.fullmatch(row.code):
        wrong["code"] = [_("代码用小写字母、数字和下划线，最多 40 个。")]
    elif any(r.code == row.code for r in others):
        wrong["code"] = [_("这个代码已经用了。")]
    if not row.name.strip():
        wrong["name"] = [_("请写名称。")]
    if row.kind not in NodeKind.values:
        wrong["kind"] = [_("请选一个列出的选项。")]
    if (row.kind == NodeKind.ROOT) != (row.parent == ""):
        wrong["parent"] = [_("总指数没有上级，其余都要有上级。")]
    if not 0 <= row.weight <= 1e6:
        wrong["weight"] = [_("权重须是不小于零的数。")]
    if row.direction not in (1, -1):
        wrong["direction"] = [_("方向只能是正向或逆向。")]
    for field in FrameworkNode._meta.get_fields():
        most, said = getattr(field, "max_length", None), getattr(row, field.name, None)
        if most and isinstance(said, str) and len(said) > most:
            wrong.setdefault(field.name, []).append(_("最多 %(n)s 个字。") % {"n": most})
    if wrong:
        raise Invalid("bad_node", _("还有内容没有填好。"), fields=wrong)


def put_rows(*, actor: Actor, family: str, rows: Sequence[trees.Row]) -> dict[str, Any]:
    """A whole tree from a table into the draft of a family, which is made if there is none. Answers what `restore` needs.

    Raises Forbidden, Missing, Invalid.
    """
    permissions.can_work(actor).or_forbidden()
    if not 1 <= len(rows) <= ROWS_MOST:
        raise Invalid("too_many_nodes", _("一个体系最多 %(n)s 行。") % {"n": ROWS_MOST})
    for i, row in enumerate(rows):
        check_row(row, rows[:i])
    newest = Framework.objects.filter(family=family).order_by("-edition").first()
    if newest is None:
        raise Missing("no_such_framework", _("没有这个评价体系。"))
    made = newest.state != FrameworkState.DRAFT
    draft = _one(start_draft(actor=actor, framework_id=newest.pk)) if made else newest
    before = [] if made else [asdict(r) for r in reads.rows_of(draft.pk)]
    _replace(draft, draft.version, rows)
    return {"id": draft.pk, "made": made, "before": before, "version": draft.version + 1}


def restore(*, actor: Actor, memo: dict[str, Any]) -> None:
    """Undo `put_rows`, unless somebody changed the draft since or computed on it. Raises Forbidden, Missing, Conflict."""
    draft = _draft(actor, int(memo["id"]))
    if memo["made"]:
        with transaction.atomic():
            _swap(draft, int(memo["version"]))
            _let_go(draft)
        return
    _replace(draft, int(memo["version"]), [trees.Row(**r) for r in memo["before"]])


def drop_draft(*, actor: Actor, framework_id: int) -> None:
    """Let a draft go. Raises Forbidden, Missing, Conflict (not_draft, in_use)."""
    row = _draft(actor, framework_id)
    with transaction.atomic():
        _say(actor, row, "drop")
        _let_go(row)


def _let_go(row: Framework) -> None:
    """Raises Conflict (in_use): a result or a questionnaire keeps it."""
    try:
        row.delete()
    except ProtectedError:
        raise Conflict("in_use", _("已有专家咨询或测算结果用了这份草稿，不能删除。")) from None


# --- publication ----------------------------------------------------------------------------------------------


def publish(*, actor: Actor, framework_id: int, version: int) -> None:
    """A draft is in force from its first year on; the edition before ends the year before.

    Raises Forbidden, Missing, Conflict (not_draft, changed_meanwhile), Invalid (bad_framework: every fault that stops;
    too_early).
    """
    row = _draft(actor, framework_id)
    view = reads.framework(actor=actor, framework_id=row.pk)
    if stops := [str(t) for t in reads.problems(view) if t.stops]:
        raise Invalid("bad_framework", _("有 %(n)s 处问题，没有发布。") % {"n": len(stops)}, fields={"tree": stops})
    published = Framework.objects.filter(family=row.family).exclude(state=FrameworkState.DRAFT)
    before = published.order_by("-valid_from").first()
    if before is not None and row.valid_from <= before.valid_from:
        text = _("要晚于上一版的起始年 %(year)s。") % {"year": before.valid_from}
        raise Invalid("too_early", text, fields={"valid_from": [text]})
    with transaction.atomic():
        _swap(
            row, version, state=FrameworkState.PUBLISHED, published_by=actor.label, published_at=clock.now()
        )  # fmt: skip
        if before is not None and (before.valid_to is None or before.valid_to >= row.valid_from):
            Framework.objects.filter(pk=before.pk).update(valid_to=row.valid_from - 1)
        _say(actor, row, "publish")


def retire(*, actor: Actor, framework_id: int) -> None:
    """No more in use after this year; results keep it. Raises Forbidden, Missing, Conflict (not_published)."""
    permissions.can_work(actor).or_forbidden()
    row = _one(framework_id)
    last = max(row.valid_from, min(row.valid_to or 9999, clock.today().year))
    with transaction.atomic():
        done = Framework.objects.filter(pk=row.pk, state=FrameworkState.PUBLISHED).update(
            state=FrameworkState.RETIRED, valid_to=last
        )
        if not done:
            raise Conflict("not_published", _("只有在用的版本可以停用。"))
        _say(actor, row, "retire")
