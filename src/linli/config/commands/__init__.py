"""The commands, one file a group. Each file has `register(subcommands)`; rooms are imported when a command runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

# In the order in which `linli --help` lists them.
GROUPS = (
    "start",
    "background",
    "preparation",
    "pack",
    "demonstration",
    "doctor",
    "archives",
    "books",
    "journal",
    "results",
    "accounts",
    "messages",
    "screenshots",
)

Run = Callable[[argparse.Namespace], int | None]


class Failed(Exception):
    """A command that could not do its work; the text is what the person at the terminal reads."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def add(subcommands: Any, name: str, sentence: str, run: Run) -> argparse.ArgumentParser:
    """Add one command with its one-sentence help."""
    parser: argparse.ArgumentParser = subcommands.add_parser(name, help=sentence, description=sentence)
    parser.set_defaults(run=run)
    return parser
