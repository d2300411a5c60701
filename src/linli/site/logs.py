"""Log lines as JSON with the request's id and no personal data.

An exception is logged by its type and places, never by its text: a database quotes the refused row in it. A path is
logged as its route: a follow link is a secret.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("linli_request_id", default="")

_PERSONAL = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)")
_EXTRA = ("route", "method", "status", "elapsed_ms", "task", "matter", "count", "code")


def scrub(text: str) -> str:
    """`text` without anything that looks like a mobile or an identity number."""
    return _PERSONAL.sub("[…]", text)


class JsonFormatter(logging.Formatter):
    """One line, one JSON object: at, level, logger, message, request, and the known extras."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        request = getattr(record, "request", None)
        if request is not None:
            match = getattr(request, "resolver_match", None)
            line["message"] = str(record.msg).split(":")[0].replace("%s", "").strip()
            line["route"] = getattr(match, "route", None) or "-"
            line["method"] = getattr(request, "method", "")
            if status := getattr(record, "status_code", None):
                line["status"] = status
        else:
            line["message"] = scrub(record.getMessage())
        for name in _EXTRA:
            if name in record.__dict__:
                value = record.__dict__[name]
                line[name] = value if isinstance(value, int | float) else scrub(str(value))
        rid = request_id.get() or getattr(request, "id", "")
        if rid:
            line["request"] = rid
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(record.exc_info[2])]
        return json.dumps(line, ensure_ascii=False)
