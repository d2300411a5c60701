"""What a pack folder fills, room by room: one table of steps. The rooms know how; this knows the order, and what is new.

A start asks one small row a step. What the folder holds anew goes through the same checked actions as `load-pack`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from linli.core.actor import SYSTEM
from linli.core.errors import Invalid, Refusal

from .version import VERSION

log = logging.getLogger("linli.pack")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """`is_loaded()` is cheap and asked at every start; `load(folder, progress, lines=None)` may be repeated safely.

    `files(folder)` is what it is made of. `by_line`: people change these rows on pages too, so a newer pack brings only
    the lines that are new in it; `lines` are then the hashes of those that were loaded before (None: load all).
    """

    name: str
    title: Any
    is_loaded: Callable[[], bool]
    files: Callable[[Path], list[Path]]
    load: Callable[..., Any]
    by_line: bool = False

    def digest(self, folder: Path) -> str:
        """SHA-256 over the names and bytes of the step's files, and over the version, which may read them otherwise."""
        digest = hashlib.sha256(f"{VERSION}\0".encode())
        for path in self.files(folder):
            content = path.read_bytes()
            digest.update(f"{path.name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def lines(self, folder: Path) -> list[str]:
        """The short hashes of its lines; empty where lines do not count."""
        if not self.by_line:
            return []
        return [line_hash(line) for path in self.files(folder) for line in path.read_bytes().splitlines()[1:]]


def line_hash(line: bytes) -> str:
    """Enough to tell the lines of one table apart."""
    return hashlib.sha256(line.strip()).hexdigest()[:12]


def refresh(folder: Path, *, everything: bool, progress: Callable[[Any], Any]) -> list[str]:
    """Load what is missing or newer in the folder (or `everything`), and say so in the log; the names of those steps.

    A newer part that is refused stops nothing: what is loaded stays, the log says why, the next start tries again.
    Raises Refusal when a part that is not there at all, or was asked for, cannot be loaded.
    """
    known = {row.name: row for row in apps.get_model("territory.PackPart")._base_manager.all()}
    loaded = []
    for step in STEPS:
        there, digest, before = step.is_loaded(), step.digest(folder), known.get(step.name)
        if there and not everything and before is not None and before.digest == digest:
            continue
        if there and not everything and before is None and step.by_line:
            _note(step, digest, folder)  # from before parts were remembered: what people changed since stays
            continue
        lines = before.lines if step.by_line and there and not everything and before is not None else None
        told = progress(step.title)
        try:
            step.load(folder, told, lines=lines)
        except Refusal as refusal:
            if everything or not there:
                raise
            log.warning("pack part %s is newer but was refused (%s): the one before stays", step.name, refusal.code)
            continue
        finally:
            told.close()
        if there:
            log.info("pack part %s loaded again: %s", step.name, digest[:12])
        _note(step, digest, folder)
        loaded.append(step.name)
    return loaded


def _note(step: Step, digest: str, folder: Path) -> None:
    _room("territory.actions").note_part(actor=SYSTEM, name=step.name, digest=digest, lines=step.lines(folder))


def _room(path: str) -> Any:
    return importlib.import_module(f"linli.{path}")


def _load_territory(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    _room("territory.actions").load_pack(
        actor=SYSTEM, folder=folder, progress=lambda words, done, total: progress(done, total, words)
    )


def _load_bodies(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    data = (folder / "bodies.csv").read_bytes()
    if lines is not None:
        head, *rows = data.splitlines(keepends=True)
        fresh = [row for row in rows if line_hash(row) not in set(lines)]
        if not fresh:
            return
        data = b"".join([head, *fresh])
    report = _room("accounts.actions").load_bodies(actor=SYSTEM, data=data)
    if not report.loaded:
        problems = [str(problem) for problem in report.problems]
        raise Invalid("bad_bodies", _("单位表不能装入，什么都没有改。"), fields={"bodies.csv": problems})


def _load_classes(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    """A pack may bring its own classes and limits; without them the shipped ones are published."""
    own = {
        name: folder / f"{file}.csv"
        for name, file in (("classes", "case_classes"), ("limits", "stage_limits"), ("rungs", "ladder"))
    }
    texts = {name: path.read_text(encoding="utf-8") for name, path in own.items() if path.exists()}
    _room("response.actions").load_catalogue(actor=SYSTEM, **texts)


def _load_routes(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    _room("response.actions").load_routes(actor=SYSTEM, text=(folder / "routes.csv").read_text(encoding="utf-8"))


def _load_articles(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    _room("knowledge.actions").load_pack(actor=SYSTEM, folder=folder)


def _load_catalogues(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    """Versions that are there keep their rows; of the mapping and the paces only the lines that are new."""
    files = {path.name: path for path in _catalogue_files(folder)}
    texts = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    for name in ("class_rules.csv", "paces.csv") if lines is not None else ():
        head, *rows = files[name].read_bytes().splitlines(keepends=True)
        texts[name] = b"".join([head, *(r for r in rows if line_hash(r) not in set(lines or ()))]).decode()
    _room("circle.actions").load_catalogues(
        actor=SYSTEM,
        listed=texts["catalogues.json"],
        texts=texts,
        rules=texts["class_rules.csv"],
        paces=texts["paces.csv"],
    )


def _load_resource_kinds(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    _room("circle.actions").load_resource_kinds(actor=SYSTEM)


def _load_facilities(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    text = (folder / "facilities.csv").read_text(encoding="utf-8")
    _room("circle.actions").load_facilities(actor=SYSTEM, text=text)


def _load_ground(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    """Homes and the walking network; a pack may come without a network."""
    about = json.loads((folder / "pack.json").read_text(encoding="utf-8")).get("network")
    rooms = _room("circle.actions")
    if about is not None:
        rooms.load_network(
            actor=SYSTEM,
            files={name: (folder / name).read_bytes() for name in NETWORK},
            as_of=date.fromisoformat(about["as_of"]),
            source=about["source"],
            provenance=about["provenance"],
        )
    areas = folder / "residential.geojson"
    rooms.load_homes(actor=SYSTEM, areas=areas.read_text(encoding="utf-8"), source=(about or {}).get("source", ""))
    rooms.follow_territory(actor=SYSTEM)  # the facilities too, where another edition was loaded just now


NETWORK = ("walk_nodes.parquet", "walk_edges.parquet", "crossings.csv")
OTHERS = (
    "bodies.csv",
    "routes.csv",
    "case_classes.csv",
    "stage_limits.csv",
    "ladder.csv",
    "articles.csv",
    "categories.csv",
    "crossings.csv",
)


def _load_kinds(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    _room("circle.actions.kinds").load_kinds(actor=SYSTEM)


def _kind_files(folder: Path) -> list[Path]:
    shipped = Path(__file__).resolve().parent.parent / "circle" / "data"
    return [shipped / "record_kinds.csv", shipped / "programmes.csv"]


def _territory_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix in {".json", ".geojson", ".csv"} and p.name not in OTHERS)


def _class_files(folder: Path) -> list[Path]:
    shipped = Path(__file__).resolve().parent.parent / "response" / "data"
    both = ((folder / name, shipped / name) for name in ("case_classes.csv", "stage_limits.csv", "ladder.csv"))
    return [own if own.exists() else ours for own, ours in both]


def _article_files(folder: Path) -> list[Path]:
    shipped = Path(__file__).resolve().parent.parent / "knowledge" / "data" / "categories.csv"
    own = [p for p in (folder / "categories.csv", folder / "articles.csv") if p.exists()]
    return own if own and own[0].name == "categories.csv" else [shipped, *own]


def _catalogue_files(folder: Path) -> list[Path]:
    """A pack may bring its own catalogues (a list and the tables it names); without them the shipped ones are taken."""
    own, shipped = folder / "circle", Path(__file__).resolve().parent.parent / "circle" / "data"
    at = own if (own / "catalogues.json").exists() else shipped
    return [at / name for name in ("catalogues.json", "services.csv", "living.csv", "class_rules.csv", "paces.csv")]


def _resource_files(folder: Path) -> list[Path]:
    return [Path(__file__).resolve().parent.parent / "circle" / "data" / "resource_kinds.csv"]


def _ground_files(folder: Path) -> list[Path]:
    names = ("pack.json", "residential.geojson", "communities.geojson", *NETWORK)
    return [folder / name for name in names if (folder / name).exists()]


STATISTICS = Path(__file__).resolve().parents[3] / "packs" / "statistics"


def _statistics(folder: Path) -> Path:
    """Statistics belong to the whole country: they lie beside the packs of districts; the shipped ones otherwise."""
    own = folder.parent / "statistics"
    return own if own.is_dir() else STATISTICS


def _has_statistics(model: str) -> Callable[[], bool]:
    """As `_has_rows`; where no statistics ship there is nothing to load."""
    return lambda: _has_rows(model)() or not STATISTICS.is_dir()


def _statistics_list(folder: Path) -> list[Path]:
    """Units, series and publications; nothing where no statistics ship."""
    at = _statistics(folder)
    return sorted(at.glob("*.csv")) if at.is_dir() else []


def _statistics_files(folder: Path) -> list[Path]:
    at = _statistics(folder)
    return [at / "deliveries.json", *sorted((at / "files").iterdir())] if at.is_dir() else []


def _load_statistics_list(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    at, rooms = _statistics(folder), _room("evaluation.actions.load")
    if at.is_dir():
        rooms.load_units(actor=SYSTEM, folder=at)
        rooms.load_series(actor=SYSTEM, folder=at)
        rooms.load_publications(actor=SYSTEM, folder=at)


def _load_statistics(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    at = _statistics(folder)
    if at.is_dir():
        _room("evaluation.actions.load").load_statistics(actor=SYSTEM, folder=at, progress=progress)


def _framework_files(folder: Path) -> list[Path]:
    shipped = Path(__file__).resolve().parent.parent / "evaluation" / "data" / "frameworks"
    return sorted(p for p in shipped.iterdir() if p.suffix in {".csv", ".json"})


def _load_frameworks(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    if _statistics(folder).is_dir():  # their formulas name its series
        _room("evaluation.actions.frameworks").load_frameworks(actor=SYSTEM)


def _summons_files(folder: Path) -> list[Path]:
    return [Path(__file__).resolve().parent.parent / "coordination" / "data" / "summons_kinds.csv"]


def _load_summons_kinds(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    _room("coordination.actions.kinds").load_kinds(actor=SYSTEM)


def _matter_files(folder: Path) -> list[Path]:
    return [Path(__file__).resolve().parent.parent / "ground" / "data" / "grid_matters.csv"]


def _load_matters(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    _room("ground.actions.catalogue").load_matters(actor=SYSTEM)


def _coordination_files(folder: Path) -> list[Path]:
    shipped = Path(__file__).resolve().parent.parent / "coordination" / "data"
    return [shipped / "topic_rules.csv", shipped / "shifts.csv"]


def _load_coordination(folder: Path, progress: Progress, lines: list[str] | None = None) -> None:
    """Rules and shifts that people changed are left as they are."""
    _room("coordination.actions.topic_rules").load_topic_rules(actor=SYSTEM)
    _room("coordination.actions.roster").load_shifts(actor=SYSTEM)


def _has_rows(model: str) -> Callable[[], bool]:
    """Asked at every start, so by the table alone: a room's queries would first load its engines."""
    return lambda: apps.get_model(model)._base_manager.exists()


STEPS = (
    Step("territory", _("区划、网格与地点"), _has_rows("territory.Revision"), _territory_files, _load_territory),
    Step(
        "bodies", _("单位"), _has_rows("organisations.Body"), lambda f: [f / "bodies.csv"], _load_bodies, by_line=True
    ),
    Step("classes", _("问题类型与时限"), _has_rows("response.CaseClass"), _class_files, _load_classes),
    Step("routes", _("派遣表"), _has_rows("response.Route"), lambda f: [f / "routes.csv"], _load_routes),
    Step("articles", _("知识库"), _has_rows("knowledge.Category"), _article_files, _load_articles),
    Step(
        "circle_catalogue",
        _("服务目录"),
        _has_rows("circle.Catalogue"),
        _catalogue_files,
        _load_catalogues,
        by_line=True,
    ),
    Step(
        "circle_resources",
        _("社区资源的种类"),
        _has_rows("circle.ResourceKind"),
        _resource_files,
        _load_resource_kinds,
    ),
    Step(
        "circle_facilities",
        _("服务设施"),
        _has_rows("circle.Facility"),
        lambda f: [f / "facilities.csv"],
        _load_facilities,
    ),
    Step(
        "summons_kinds",
        _("吹哨的类别与时限"),
        _has_rows("coordination.SummonsKind"),
        _summons_files,
        _load_summons_kinds,
    ),
    Step(
        "topic_rules",
        _("专题规则与值班班次"),
        _has_rows("coordination.TopicRule"),
        _coordination_files,
        _load_coordination,
    ),
    Step(
        "grid_matters",
        _("网格化管理内容"),
        _has_rows("ground.GridMatterCatalogue"),
        _matter_files,
        _load_matters,
    ),
    Step("circle_records", _("台账和创建项目"), _has_rows("circle.RecordKind"), _kind_files, _load_kinds),
    Step("circle_ground", _("步行路网与居住区"), _has_rows("circle.Home"), _ground_files, _load_ground),
    Step(
        "evaluation_units",
        _("统计地区、指标与来源"),
        _has_statistics("evaluation.Unit"),
        _statistics_list,
        _load_statistics_list,
    ),
    Step(
        "evaluation_statistics",
        _("公开统计数据"),
        _has_statistics("evaluation.Observation"),
        _statistics_files,
        _load_statistics,
    ),
    Step(
        "evaluation_frameworks",
        _("评价体系"),
        _has_statistics("evaluation.Framework"),
        _framework_files,
        _load_frameworks,
    ),
)
