"""The `linli` command: reads the command line and hands over to `commands`. No work is done here."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from .commands import GROUPS, Failed


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Refusals and failures become one clear line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _output()
    _environment(arguments)
    if problem := _start_django():
        print(problem, file=sys.stderr)
        return 2
    from linli.core.errors import Refusal

    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return failure.code
    except Refusal as refusal:
        print(refusal.message, file=sys.stderr)
        for field, sentences in refusal.fields.items():
            print(f"  {field}: {' '.join(str(s) for s in sentences)}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at exit
        return 1
    except KeyboardInterrupt:
        return 130


def _output() -> None:
    """Chinese must not break a terminal or a pipe that believes in ASCII."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace", line_buffering=True)


def _environment(arguments: Sequence[str]) -> None:
    """What the settings read must stand in the environment before they are read; children inherit it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.config.settings")
    if "--demonstration" in arguments:
        os.environ["LINLI_DEMONSTRATION"] = "1"
    elif arguments[:1] == ["serve"]:
        os.environ["LINLI_DEMONSTRATION"] = "0"


def _start_django() -> str:
    """Load the settings and every room; a sentence when that cannot be done."""
    try:
        import django
        from django.core.exceptions import ImproperlyConfigured
        from django.utils import translation
    except ModuleNotFoundError as missing:
        return f"缺少依赖 {missing.name}：请运行 make run 装好。 A dependency is missing; `make run` installs it."
    try:
        django.setup()
    except ModuleNotFoundError as missing:
        return f"缺少依赖 {missing.name}：请运行 make run 装好。 A dependency is missing; `make run` installs it."
    except (ImproperlyConfigured, OSError, ValueError) as error:
        return f"设置有误：{error}。 The settings cannot be read."
    translation.activate(_language())
    return ""


def _language() -> str:
    """Chinese, unless LINLI_LANGUAGE or the terminal's own language is English."""
    asked = os.environ.get("LINLI_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "en" if asked.startswith("en") else "zh-hans"


def _parser() -> argparse.ArgumentParser:
    from django.utils.translation import gettext as _

    parser = argparse.ArgumentParser(prog="linli", description=_("邻里：城区照看街坊的开放平台"))
    subcommands = parser.add_subparsers(metavar=_("命令"), required=True)
    for group in GROUPS:
        module = importlib.import_module(f".commands.{group}", __package__)
        module.register(subcommands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
