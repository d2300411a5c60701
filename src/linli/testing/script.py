"""How simulated matters behave: when they arrive, what they say, what happens next. Pure but for the random source."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from linli.core.clock import SHANGHAI, local

DATA = Path(__file__).resolve().parent / "data"

# How simulated people behave: shares and typical waits are invented, and the matters say that they are simulated.
DECLINED, RETURNED, REWORKED, REOPENED, FORGOTTEN = 0.04, 0.05, 0.08, 0.06, 0.06
TWIN, ANSWERED, UNCLEAR, JOINT, TRANSFERRED, REFUSED = 0.02, 0.9, 0.3, 0.04, 0.02, 0.25
TIME_ASKED, OFFERED, OFFERED_NEED, CLAIMED, GIVEN_UP, THANKED = 0.05, 0.04, 0.7, 0.72, 0.06, 0.85
CHANNELS = (("web", 40), ("phone", 42), ("onsite", 6), ("field", 12))  # shares by channel, invented
LEFT_NUMBER, UNREACHED, MENDED = 0.85, 0.08, 0.45
NUMBER = "13800138000"  # the operator's public service number, which belongs to nobody
ON_WALL = "0201"  # the class whose drawing is papers on a wall; of the others it is bags on the pavement
DRAWN = frozenset({"0102", "0104", "0106", "0108", "0507", ON_WALL})  # mended on the spot, where drawings fit
ROUND_THE_CLOCK = frozenset({"urgent", "utility"})


@dataclass(frozen=True, slots=True)
class Story:
    """One thing that somebody says about one class."""

    class_code: str
    text: str


@cache
def arrivals() -> dict[tuple[int, int], int]:
    """(weekday, hour) -> share in parts per million, from 121,145 real 311 cases of 2015."""
    with (DATA / "arrivals.csv").open(encoding="utf-8") as file:
        return {(int(r["weekday"]), int(r["hour"])): int(r["parts_per_million"]) for r in csv.DictReader(file)}


@cache
def stories() -> tuple[list[Story], list[int]]:
    """All stories and their weights."""
    with (DATA / "stories.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [Story(r["class_code"], r["text"]) for r in rows], [int(r["weight"]) for r in rows]


def again(class_code: str, rng: random.Random) -> Story | None:
    """What somebody else says about the same kind of thing."""
    told = [story for story in stories()[0] if story.class_code == class_code]
    return rng.choice(told) if told else None


@cache
def notices() -> dict[str, str]:
    """Class code -> what is written for all to read when its matters are offered; "" for every other class."""
    with (DATA / "notices.csv").open(encoding="utf-8") as file:
        return {row["class_code"]: row["text"] for row in csv.DictReader(file)}


def notice(class_code: str) -> str:
    """The public words for an offered matter of this class."""
    return notices().get(class_code) or notices()[""]


@cache
def replies() -> dict[str, list[str]]:
    """verb -> what staff write."""
    found: dict[str, list[str]] = {}
    with (DATA / "replies.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["verb"], []).append(row["text"])
    return found


def arrival_times(count: int, until: datetime, days: int, rng: random.Random) -> list[datetime]:
    """`count` times in the `days` before `until`, with the real profile over weekdays and hours."""
    start = local(until - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    hours = [start + timedelta(hours=h) for h in range(days * 24)]
    weights = [arrivals()[h.weekday(), h.hour] for h in hours]
    picked = rng.choices(hours, weights, k=count)
    return sorted(moment for h in picked if (moment := h + timedelta(seconds=rng.uniform(0, 3600))) <= local(until))


def rate_now(moment: datetime, per_hour: float) -> float:
    """The arrivals per hour at `moment` when the mean over a week is `per_hour`."""
    here = local(moment)
    return per_hour * arrivals()[here.weekday(), here.hour] * 168 / 1_000_000


def tell(rng: random.Random) -> Story:
    """One story, by weight."""
    told, weights = stories()
    return rng.choices(told, weights)[0]


def channel(rng: random.Random) -> str:
    return rng.choices([name for name, _share in CHANNELS], [share for _name, share in CHANNELS])[0]


def awake(moment: datetime, urgency: str, rng: random.Random) -> datetime:
    """The same moment, or the next morning if nobody works on such a thing then."""
    here = moment.astimezone(SHANGHAI)
    if urgency in ROUND_THE_CLOCK or (8 <= here.hour < 18 and here.weekday() < 6):
        return moment
    day = here if here.hour < 8 and here.weekday() < 6 else here + timedelta(days=1)
    while day.weekday() >= 6:
        day += timedelta(days=1)
    return day.replace(hour=8, minute=0) + timedelta(minutes=rng.uniform(15, 150))


def wait(rng: random.Random, median: timedelta, spread: float = 0.7) -> timedelta:
    """A wait whose logarithm is normal: most are short, some are long."""
    return median * rng.lognormvariate(0, spread)
