"""The values that pass between the steps of reading a statistics file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from linli.exchange.columns import Refused

from ..queries.series import SeriesView
from ..queries.units import Known, UnitView

REFUSALS_LISTED = 2_000


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What names mean: plain text -> units it may mean, plain heading -> series."""

    names: Mapping[str, list[Known]]
    units: Mapping[str, UnitView]
    headings: Mapping[str, str]
    series: Mapping[str, SeriesView]
    merged: Mapping[str, int] = field(default_factory=dict)  # code -> year in which another unit was joined to it


@dataclass(frozen=True, slots=True)
class How:
    """What a person, or the list of a pack, says about a file. An empty meaning ("") is: left out on purpose.

    `names`, `units`: texts as they stand in the file -> series, unit. `columns`: role (unit, year, series, value, symbol) ->
    heading. `series`, `year`, `symbol` hold where the file says nothing. `routes`: series -> year -> the series of that
    year's calibre; None: as the file's foot-notes say.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    series: str = ""
    year: int | None = None
    symbol: str = ""
    routes: Mapping[str, Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing about a file that is no refusal."""

    code: str
    sentence: str


@dataclass(slots=True)
class Found:
    """One cell as it stands in the file; `settle` gives it its final series and value."""

    series: str
    unit: str
    year: int
    value: float | None
    status: str
    raw: str
    note: str
    symbol: str
    row: int
    column: str
    sheet: str = ""


@dataclass(slots=True)
class Reading:
    """What a file says. `unknown_units`, `unknown_series`: text -> how many cells stand behind it.

    `routes`: which years go into another calibre's series, and `routed`: whether the file's own foot-note says so.
    """

    form: str = "plain"
    cells: list[Found] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    refused_count: int = 0
    notes: list[Note] = field(default_factory=list)
    unknown_units: dict[str, int] = field(default_factory=dict)
    unknown_series: dict[str, int] = field(default_factory=dict)
    routes: dict[str, dict[str, str]] = field(default_factory=dict)
    routed: bool = False
    footer: list[str] = field(default_factory=list)

    def refuse(self, refused: Refused) -> None:
        """List a refusal; the first REFUSALS_LISTED with their places, all of them counted."""
        self.refused_count += 1
        if len(self.refused) < REFUSALS_LISTED:
            self.refused.append(refused)

    def tell(self, code: str, sentence: str) -> None:
        """Add a note, once."""
        note = Note(code, sentence)
        if note not in self.notes:
            self.notes.append(note)
