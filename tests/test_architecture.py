"""The house's own rules as tests: one shape of app, private models, named addresses, files of readable size."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "linli"
APPS = sorted(c.name.removeprefix("linli.") for c in apps.get_app_configs() if c.name.startswith("linli."))
NO_APPS = {"core", "config", "testing", "locale"}

# One app, one shape: each is a module or a package of the same name.
FILES = {
    "apps", "choices", "rules", "models", "permissions", "queries", "actions", "forms", "jobs", "web", "urls", "api",
    "admin",
}  # fmt: skip
FOLDERS = {"migrations", "tests", "templates", "static", "templatetags", "data"}
# Every system hands its matters to flow.actions: the one row that crosses doors, to be read and passed on, not written.
SHARED = {"linli.flow.models.Matter"}
PRIVATE = {"models", "forms", "web", "api", "urls", "migrations", "tests", "admin"}
LONGEST = 400


def modules(folder: Path = SOURCE) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "migrations" not in p.parts)


@cache
def tracked() -> list[Path]:
    """The files of the repository: what git knows or would take."""
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [p for name in out.stdout.decode().split("\0") if name and (p := ROOT / name).is_file()]


def imports(path: Path) -> Iterator[str]:
    """Every dotted name that a file imports, relative ones resolved."""
    package = ["linli", *path.relative_to(SOURCE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{name}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("app", APPS)
def test_an_app_has_only_the_files_of_its_shape(app: str) -> None:
    names = {
        p.stem if p.suffix == ".py" else p.name
        for p in (SOURCE / app).iterdir()
        if not p.name.startswith((".", "__")) and (p.suffix == ".py" or (p.is_dir() and any(p.rglob("*.*"))))
    }
    text = ast.get_docstring(ast.parse((SOURCE / app / "__init__.py").read_text(encoding="utf-8"))) or ""
    unknown = {name for name in names - FILES - FOLDERS if not re.search(rf"\b{re.escape(name)}\b", text)}
    assert not unknown, f"linli/{app}/__init__.py does not say what {sorted(unknown)} are for (CONTRIBUTING.md: files)"


def test_every_folder_is_an_app_or_known() -> None:
    folders = {p.name for p in SOURCE.iterdir() if p.is_dir() and not p.name.startswith(("_", "."))}
    assert folders == set(APPS) | NO_APPS


@pytest.mark.parametrize("app", APPS)
def test_an_app_uses_the_others_by_their_doors(app: str) -> None:
    """queries, actions, choices, permissions and what a low room offers by name; never models, forms or pages."""
    wrong = []
    for path in modules(SOURCE / app):
        if "tests" in path.parts:
            continue
        for name in imports(path):
            parts = name.split(".")
            if name in SHARED:
                continue
            if len(parts) > 2 and parts[0] == "linli" and parts[1] in APPS and parts[1] != app and parts[2] in PRIVATE:
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "tools"}
    found = [str(p.relative_to(ROOT)) for p in modules(ROOT / "src") if drawers & {p.stem, p.parent.name}]
    assert not found, found


def test_files_stay_readable() -> None:
    long = {
        str(p.relative_to(ROOT)): lines
        for p in [
            *modules(ROOT / "src"),
            *sorted((ROOT / "tests").rglob("*.py")),
            *sorted((ROOT / "bench").rglob("*.py")),
        ]
        if (lines := p.read_text(encoding="utf-8").count("\n")) > LONGEST
    }
    assert not long, f"over {LONGEST} lines: {long}; a file that outgrows itself becomes a package of the same name"


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        str(p.relative_to(ROOT))
        for p in modules(ROOT / "src")
        if p.name not in {"apps.py", "__init__.py"} and not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    assert not silent, silent


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        place = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, place)
        else:
            yield place, entry


def test_every_address_has_a_name() -> None:
    nameless = [place for place, entry in patterns(get_resolver()) if not entry.name]
    assert not nameless, nameless


def test_every_room_of_pages_has_its_namespace() -> None:
    spaces = {e.namespace for e in get_resolver().url_patterns if isinstance(e, URLResolver)}
    assert None not in spaces, "an include without app_name"


def test_domain_effects_use_no_signals() -> None:
    """A change is an outbox row that the relay delivers; effects hidden in signals cannot be followed."""
    wrong = [
        f"{p.relative_to(ROOT)}: {name}"
        for p in modules()
        if "tests" not in p.parts
        for name in imports(p)
        if name.startswith(("django.db.models.signals", "django.dispatch"))
    ]
    assert not wrong, wrong


def test_foreign_keys_to_other_rooms_are_strings() -> None:
    """A model that imports another room's model makes the two inseparable."""
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for app in APPS
        for path in [*(SOURCE / app).glob("models.py"), *(SOURCE / app).glob("models/*.py")]
        for name in imports(path)
        if re.match(rf"linli\.(?!{app}\b)\w+\.models\b", name)
    ]
    assert not wrong, wrong


def test_the_map_of_the_house_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    missing = [
        app for app in [*APPS, "core", "config", "testing", "linli_engines"] if not re.search(rf"\b{app}\b", text)
    ]
    assert not missing, f"ARCHITECTURE.md does not mention {missing}"


def test_the_ladder_in_the_settings_is_the_ladder_that_is_checked() -> None:
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = [set(re.split(r"[|:]", layer.replace(" ", ""))) for layer in reversed(contracts[0]["layers"])]
    place = {app: i for i, layer in enumerate(layers) for app in layer}
    installed = [c.name.removeprefix("linli.") for c in apps.get_app_configs() if c.name.startswith("linli.")]
    assert [place[a] for a in installed] == sorted(place[a] for a in installed)


def test_the_version_is_said_once() -> None:
    import tomllib

    from linli.config.version import VERSION

    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION
