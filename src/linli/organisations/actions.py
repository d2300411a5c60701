"""The only writer of bodies. Every change rewrites the revision row first, so that changes queue behind each other."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from . import permissions, queries, rules
from .models import Body, Revision

_FIELDS = ("name", "short_name", "kind", "division", "provisional", "source")


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a file would do, or did: `loaded` is False when there was a problem, and then nothing was written."""

    created: int
    changed: int
    unchanged: int
    problems: tuple[rules.Problem, ...]
    loaded: bool


def _changing() -> None:
    """Take the lock that orders changes and tell every process to read again. Call inside `atomic`."""
    Revision.objects.update_or_create(pk=1, defaults={"value": secrets.token_hex(16)})
    queries.forget()
    transaction.on_commit(queries.forget)


def _checked(row: rules.Row) -> rules.Row:
    wrong = rules.check_body(row)
    if wrong:
        fields: dict[str, list[Any]] = {}
        for name, _value, reason in wrong:
            fields.setdefault(name, []).append(reason)
        raise Invalid("bad_body", _("单位的信息有误，请按提示修改。"), fields=fields)
    return row


def _existing(body_id: int) -> Body:
    found = Body.objects.filter(pk=body_id).first()
    if found is None:
        raise Missing("no_such_body", _("没有这个单位。"))
    return found


def create_body(
    *,
    actor: Actor,
    code: str,
    name: str,
    kind: str,
    division: str,
    short_name: str = "",
    provisional: bool = False,
    source: str = "",
) -> int:
    """Add a body; its id. Raises Invalid (fields), Conflict when the code is taken."""
    permissions.can_manage(actor).or_forbidden()
    name = name.strip()
    row = _checked(
        rules.Row(0, code.strip(), name, short_name.strip() or name[:24], kind, division, provisional, source)
    )
    with transaction.atomic():
        _changing()
        if Body.objects.filter(code=row.code).exists():
            raise Conflict("code_taken", _("这个代码已经有单位使用。"), fields={"code": [_("请换一个代码。")]})
        return Body.objects.create(code=row.code, valid_from=clock.now(), **{f: getattr(row, f) for f in _FIELDS}).pk


def rename_body(*, actor: Actor, body_id: int, name: str, short_name: str) -> None:
    """Give a body another name; its code and its history stay."""
    permissions.can_manage(actor).or_forbidden()
    with transaction.atomic():
        _changing()
        b = _existing(body_id)
        row = _checked(rules.Row(0, b.code, name.strip(), short_name.strip(), b.kind, b.division))
        Body.objects.filter(pk=body_id).update(name=row.name, short_name=row.short_name, provisional=False)


def merge_bodies(*, actor: Actor, body_id: int, into_id: int) -> None:
    """Close `body_id` and let `into_id` answer for everything it held. The old row and its code stay.

    Raises Invalid when the two are one, Conflict when either was closed or merged away before.
    """
    permissions.can_manage(actor).or_forbidden()
    if body_id == into_id:
        raise Invalid("merge_into_itself", _("单位不能并入它自己。"))
    with transaction.atomic():
        _changing()
        old, new = _existing(body_id), _existing(into_id)
        for b in (old, new):
            if not b.is_active:
                raise Conflict("body_closed", _("“%(name)s”已经停用或并入其他单位。") % {"name": b.name})
        # rows merged earlier point straight at the one that answers now: a chain never grows
        Body.objects.filter(merged_into=old).update(merged_into=new)
        Body.objects.filter(pk=old.pk).update(merged_into=new, is_active=False, valid_to=clock.now())


def load_bodies(*, actor: Actor, data: bytes, dry_run: bool = False) -> LoadReport:
    """Add and update bodies from a CSV (UTF-8, BOM, UTF-16 or gb18030): all rows, or none and the list of problems.

    A body absent from the file is left as it is. A body already closed is a problem: a file does not reopen it.
    """
    permissions.can_manage(actor).or_forbidden()
    rows, problems = rules.read_rows(data)
    if not rows and not problems:
        problems = [rules.Problem(0, "", "", _("文件里没有单位。"))]
    with transaction.atomic():
        if not dry_run:
            _changing()
        known = {b.code: b for b in Body.objects.all()}
        problems += [
            rules.Problem(r.line, "code", r.code, _("这个单位已经停用或并入其他单位。"))
            for r in rows
            if r.code in known and not known[r.code].is_active
        ]
        new = [r for r in rows if r.code not in known]
        changed = [r for r in rows if r.code in known and replace(r, line=0) != _as_row(known[r.code])]
        counts = (len(new), len(changed), len(rows) - len(new) - len(changed))
        if problems or dry_run:
            return LoadReport(*counts, tuple(sorted(problems, key=lambda p: p.line)), loaded=False)
        now = clock.now()
        Body.objects.bulk_create(
            [Body(code=r.code, valid_from=now, **{f: getattr(r, f) for f in _FIELDS}) for r in new], batch_size=500
        )
        for r in changed:
            for f in _FIELDS:
                setattr(known[r.code], f, getattr(r, f))
        Body.objects.bulk_update([known[r.code] for r in changed], _FIELDS, batch_size=200)
    return LoadReport(*counts, (), loaded=True)


def _as_row(b: Body) -> rules.Row:
    return rules.Row(0, b.code, b.name, b.short_name, b.kind, b.division, b.provisional, b.source)


def move_bodies(*, actor: Actor, codes: Mapping[str, str]) -> dict[str, list[str]]:
    """Bodies answer where their division is now. Old code → new; what moved: {body code: [division before, after]}.

    Repeatable: a body that stands at a new code already is not moved again unless that code is itself an old one.
    """
    permissions.can_manage(actor).or_forbidden()
    with transaction.atomic():
        _changing()
        moved: dict[str, list[str]] = {}
        for code, division in list(Body.objects.filter(division__in=[*codes]).values_list("code", "division")):
            Body.objects.filter(code=code).update(division=codes[division])
            moved[code] = [division, codes[division]]
    return moved


def put_bodies_back(*, actor: Actor, divisions: Mapping[str, Sequence[str]]) -> int:
    """Undo of `move_bodies`, of what nobody has moved since. How many changed."""
    permissions.can_manage(actor).or_forbidden()
    with transaction.atomic():
        _changing()
        return sum(
            Body.objects.filter(code=code, division=after).update(division=before)
            for code, (before, after) in divisions.items()
        )
