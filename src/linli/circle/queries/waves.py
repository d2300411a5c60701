"""Waves, the questions behind a slip, results. What was answered is shown after the end only, of groups large enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.territory import queries as territory
from linli.vault import slips

from .. import network, permissions, suppression
from ..choices import SurveyState
from ..models import Slip, Voice, Wave

WaveView: TypeAlias = Wave  # read by pages, never saved there
CONTENT = 4  # from here up an answer counts as satisfied


def waves(*, actor: Actor) -> list[Wave]:
    """All waves, newest first, with `slip_count` and `used_count`."""
    permissions.can_read(actor).or_forbidden()
    used = Count("slips", filter=Q(slips__used=True))
    return list(Wave.objects.annotate(slip_count=Count("slips"), used_count=used).order_by("-opens_on", "-pk"))


def wave(*, actor: Actor, wave_id: int) -> Wave:
    """Raises Forbidden, Missing."""
    permissions.can_read(actor).or_forbidden()
    found = Wave.objects.filter(pk=wave_id).first()
    if found is None:
        raise Missing("no_such_wave", _("没有这次满意度调查。"))
    return found


def takes_voices(row: Wave) -> bool:
    """Open, and today within its days."""
    return row.state == SurveyState.OPEN and row.opens_on <= clock.today() <= row.closes_on


def unusable() -> Missing:
    """One sentence for every code that does not let in."""
    return Missing("slip_unusable", _("这个调查码现在不能用：可能输错了、已经用过，或者调查不在进行中。"))


def behind(code: str) -> tuple[Wave, str]:
    """The wave and the community of a slip that can be used now. Raises Missing, the same for every other code."""
    slip = Slip.objects.filter(digest__in=slips.marks(code)).select_related("wave").first() if code else None
    if slip is None or slip.used or not takes_voices(slip.wave):
        raise unusable()
    return slip.wave, slip.community


# --- results --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """One question in one group: how many answered it, their mean (1 to 5), per cent satisfied; None is not shown."""

    n: int
    mean: float | None
    content: float | None

    @property
    def shown(self) -> bool:
        return self.mean is not None


@dataclass(frozen=True, slots=True)
class Group:
    """A district, subdistrict or community: slips given out, voices that came in, an answer a question."""

    code: str
    name: str
    slips: int
    voices: int
    answers: tuple[Answer, ...]

    @property
    def rate(self) -> float | None:
        """Per cent of the slips that were used."""
        return 100.0 * self.voices / self.slips if self.slips else None


@dataclass(frozen=True, slots=True)
class Results:
    """`least`: smaller groups show no answers, nor do those from which a smaller one could be computed."""

    wave: Wave
    questions: tuple[tuple[str, str, str], ...]  # code, name, English name
    district: Group
    subdistricts: tuple[Group, ...]
    communities: tuple[Group, ...]
    least: int

    @property
    def open(self) -> bool:
        """While voices come in nothing that was answered is shown: two looks would tell one voice."""
        return self.wave.state != SurveyState.CLOSED


def results(*, actor: Actor, wave_id: int) -> Results:
    """Counts always; answers after the end, suppressed as `suppression` says. Raises Forbidden, Missing."""
    row = wave(actor=actor, wave_id=wave_id)
    least = int(network.setting("least_responses"))
    given = Counter(dict(Slip.objects.filter(wave=row).values_list("community").annotate(n=Count("pk"))))
    voices: dict[str, list[dict[str, int]]] = {}
    for community, answers in Voice.objects.filter(wave=row).values_list("community", "answers"):
        voices.setdefault(community, []).append(answers)
    places = sorted(given.keys() | voices.keys())
    parents = {row.district: ""} | {c[:9]: row.district for c in places} | {c: c[:9] for c in places}
    cells = [_cells(voices, q["code"], parents, least, row.state == SurveyState.CLOSED) for q in row.questions]
    came = _sums({c: len(v) for c, v in voices.items()}, parents)
    went = _sums(given, parents)

    def group(code: str) -> Group:
        return Group(code, territory.division_name(code), went[code], came[code], tuple(c[code] for c in cells))

    return Results(
        row, tuple((q["code"], q["name"], q["name_en"]) for q in row.questions), group(row.district),
        tuple(group(c) for c in sorted({c[:9] for c in places})), tuple(group(c) for c in places), least,
    )  # fmt: skip


def _sums(counts: Mapping[str, int], parents: Mapping[str, str]) -> dict[str, int]:
    sums = dict.fromkeys(parents, 0)
    for leaf, n in counts.items():
        group = leaf
        while group:
            sums[group] += n
            group = parents[group]
    return sums


def _cells(
    voices: Mapping[str, list[dict[str, int]]], question: str, parents: Mapping[str, str], least: int, ended: bool
) -> dict[str, Answer]:
    """One question in every group. A voice may leave a question open, so each is suppressed by its own numbers."""
    said = {c: np.array([a[question] for a in v if question in a], float) for c, v in voices.items()}
    count = {c: len(v) for c, v in said.items()}
    number = _sums(count, parents)
    total = _float_sums({c: float(v.sum()) for c, v in said.items()}, parents)
    content = _float_sums({c: float((v >= CONTENT).sum()) for c, v in said.items()}, parents)
    shown = suppression.shown(count, parents, least) if ended else frozenset()
    return {
        g: Answer(n, total[g] / n, 100.0 * content[g] / n) if g in shown else Answer(n, None, None)
        for g, n in number.items()
    }


def _float_sums(values: Mapping[str, float], parents: Mapping[str, str]) -> dict[str, float]:
    sums = dict.fromkeys(parents, 0.0)
    for leaf, value in values.items():
        group = leaf
        while group:
            sums[group] += value
            group = parents[group]
    return sums
