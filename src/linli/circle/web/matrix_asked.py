"""What the address of a matrix asks for: which of the three, catalogue or survey, day, pace, subdistrict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from linli.accounts.permissions import ActorRequest
from linli.core.errors import Missing

from ..queries import coverage as read
from ..queries.coverage import Coverage
from ..rules import Matrix, Reading
from . import asked


@dataclass(frozen=True)
class Question:
    """A matrix as it was asked for; `query` says it again in an address."""

    of: Coverage
    division: str
    reading: Reading
    query: str

    @property
    def matrix(self) -> Matrix:
        return self.of.matrix


def matrix_of(text: str) -> Matrix:
    """Nothing is the walking one. Raises Missing."""
    try:
        return Matrix(text or Matrix.REACHABLE)
    except ValueError:
        raise Missing("no_such_matrix", _("没有这张表。")) from None


def question(request: ActorRequest, on: date | None = None) -> Question:
    """Raises Invalid for a date that is none, Missing for what is not there."""
    values = request.GET
    matrix, division = matrix_of(values.get("matrix", "")), asked.division_of(request)
    day = on or asked.day(values.get("on", ""))
    wanted = {k: asked.number(values[k], k) for k in ("catalogue", "survey") if values.get(k)}
    if on is not None:  # of another day the survey of that day
        wanted.pop("survey", None)
    of = read.coverage(
        actor=request.actor, matrix=matrix, on=day, catalogue_id=wanted.get("catalogue"),
        pace=values.get("pace", ""), survey_id=wanted.get("survey"),
    )  # fmt: skip
    reading = asked.reading_of(values.get("reading", ""))
    return Question(of, division, reading, address(of, division, bool(values.get("on")), reading))


def address(of: Coverage, division: str, dated: bool, reading: Reading) -> str:
    """The same question as a query string, without what goes without saying."""
    said: dict[str, str] = {"matrix": of.matrix.value}
    if of.survey is None and of.pace is not None:
        said |= {"catalogue": str(of.catalogue.id), "pace": of.pace.code}
    elif of.survey is not None:
        said |= {"survey": str(of.survey.pk)}
    if dated:
        said |= {"on": str(of.on)}
    if division:
        said |= {"division": division}
    if reading is not Reading.ALL:
        said |= {"reading": reading.value}
    return urlencode(said)
