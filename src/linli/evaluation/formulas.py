"""How an indicator is made of series: sums and differences, "beds_hospital + beds_clinic". Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from linli.core.errors import Invalid

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE)
TERMS_MOST = 12


@dataclass(frozen=True, slots=True)
class Term:
    """One series of a sum; `sign` is 1 or -1."""

    sign: int
    series: str


def terms(formula: str) -> tuple[Term, ...]:
    """The series of a formula; () for an empty one. A minus stands between spaces, as codes hold hyphens.

    Raises Invalid (bad_formula): something that is neither a code nor + or -, a series twice.
    """
    found: list[Term] = []
    sign, ready = 1, True
    for word in formula.replace("−", "-").replace("＋", "+").replace("+", " + ").split():
        if word in "+-":
            if ready and found:
                raise _bad(formula)
            sign, ready = (1 if word == "+" else -1), True
            continue
        if not ready or not _CODE.fullmatch(word):
            raise _bad(formula)
        found.append(Term(sign, word))
        sign, ready = 1, False
    if found and ready:
        raise _bad(formula)
    if len({t.series for t in found}) < len(found) or len(found) > TERMS_MOST:
        raise Invalid("bad_formula", _("“%(formula)s”里有重复的数据，或项数太多。") % {"formula": formula[:80]})
    return tuple(found)


def _bad(formula: str) -> Invalid:
    sentence = _("“%(formula)s”不是数据代码的和差，例如：a + b - c。") % {"formula": formula[:80]}
    return Invalid("bad_formula", sentence, fields={"formula": [sentence]})


def spelt(parts: tuple[Term, ...]) -> str:
    """One spelling for one formula."""
    words = [f"{'+' if t.sign > 0 else '-'} {t.series}" for t in parts]
    return " ".join(words).removeprefix("+ ")


def value(parts: tuple[Term, ...], cells: Mapping[str, float | None]) -> float | None:
    """The sum; None as soon as one part is missing: a missing part is not zero."""
    total = 0.0
    for term in parts:
        part = cells.get(term.series)
        if part is None:
            return None
        total += term.sign * part
    return total
