"""A compare-and-swap names its own row's columns: a condition over a join is decided before the row is held.

`filter(other__column=...).update(...)` becomes `WHERE id IN (SELECT ... JOIN ...)`. Under READ COMMITTED PostgreSQL
waits for the row and then checks only the outer WHERE anew, against a sub-select that still sees the old snapshot: two
who wait for each other both "win". Conditions on the own row stay outside; another table comes in as `parent__in=rows`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Field
from django.db.models.fields.related import ForeignObject

SOURCE = Path(__file__).resolve().parent.parent / "src" / "linli"
CONDITIONS = {"filter", "exclude", "Q"}
LOOKUPS = {
    name
    for kind in (Field, ForeignObject, *{type(f) for m in apps.get_models() for f in m._meta.fields})
    for name in kind.get_lookups()
}


def over_a_join(condition: str) -> bool:
    """Whether `a__b` leaves the own row: what remains without the lookup at the end still has two parts."""
    parts = condition.split("__")
    while len(parts) > 1 and parts[-1] in LOOKUPS:
        parts.pop()
    return len(parts) > 1


def conditions(node: ast.AST, named: dict[str, list[ast.AST]], seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """What the rows behind an expression are chosen by; a name is followed to what the function gave it."""
    match node:
        case ast.Name(id=name) if name not in seen:
            for value in named.get(name, []):
                yield from conditions(value, named, seen | {name})
        case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called)):
            if called in CONDITIONS:
                yield from (k.arg for k in node.keywords if k.arg)
                for part in [*node.args, *(k.value for k in node.keywords if k.arg is None)]:
                    yield from conditions(part, named, seen)
            if isinstance(node.func, ast.Attribute):
                yield from conditions(node.func.value, named, seen)
        case ast.Attribute(value=value):
            yield from conditions(value, named, seen)
        case ast.BinOp(left=left, right=right):
            yield from conditions(left, named, seen)
            yield from conditions(right, named, seen)
        case ast.UnaryOp(operand=value) | ast.Starred(value=value):
            yield from conditions(value, named, seen)
        case ast.IfExp(body=one, orelse=other):
            yield from conditions(one, named, seen)
            yield from conditions(other, named, seen)
        case ast.Dict(keys=keys):
            yield from (str(k.value) for k in keys if isinstance(k, ast.Constant))


def joined_swaps(text: str) -> Iterator[tuple[str, int, list[str]]]:
    """(function, line, conditions over a join) of every `update` whose number of rows somebody looks at."""
    tree = ast.parse(text)
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        named: dict[str, list[ast.AST]] = {}
        for node in ast.walk(function):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.NamedExpr(target=ast.Name(id=name), value=value)
                ):
                    named.setdefault(name, []).append(value)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    named.setdefault(name, []).append(value)
        unread = {id(n.value) for n in ast.walk(function) if isinstance(n, ast.Expr)}
        for node in ast.walk(function):
            match node:
                case ast.Call(func=ast.Attribute(attr=called, value=rows)) if (
                    called == "update" and id(node) not in unread
                ):
                    if joins := sorted({c for c in conditions(rows, named) if over_a_join(c)}):
                        yield function.name, node.lineno, joins


def test_no_swap_is_decided_over_a_join() -> None:
    found = {
        f"{path.relative_to(SOURCE)}:{name}": f"line {line}: {', '.join(joins)}"
        for path in sorted(SOURCE.rglob("*.py"))
        if not {"tests", "migrations"} & set(path.parts)
        for name, line, joins in joined_swaps(path.read_text(encoding="utf-8"))
    }
    assert not found, found


@pytest.mark.parametrize(
    ("line", "joins"),
    [
        ("if not A.objects.filter(pk=1, survey__state=2).update(x=1): raise", ["survey__state"]),
        ("n = A.objects.filter(pk=1).exclude(journal__matter=m).update(x=1)", ["journal__matter"]),
        ("rows = A.objects.filter(a__b__lte=1)\n  return rows.filter(pk=2).update(x=1)", ["a__b__lte"]),
        ("then(lambda: A.objects.filter(Q(b=1) | ~Q(b__c=1)).update(x=1))", ["b__c"]),
        ("if A.objects.filter(**{'b__c': 1}).update(x=1): pass", ["b__c"]),
        ("A.objects.filter(a__b=1).update(x=1)", []),
        ("n = A.objects.filter(pk__in=[1], at__lte=2, gone__isnull=True, b__in=B.objects.filter(c__d=1)).update(x=1)", []),
    ],
)  # fmt: skip
def test_the_rule_sees_what_it_should(line: str, joins: list[str]) -> None:
    found = list(joined_swaps(f"def f():\n  {line}\n"))
    assert [j for _n, _l, j in found] == ([joins] if joins else [])
