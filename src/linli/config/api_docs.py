"""The page of the programming interface: made from the OpenAPI schema, readable without a script."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from .api import api

EXAMPLES = {"string": "…", "integer": 1, "number": 116.36, "boolean": False}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, body and answers, and a curl line to try."""
    schema = api.get_openapi_schema()
    operations = [
        _operation(request, schema, path, method, said)
        for path, methods in schema["paths"].items()
        for method, said in methods.items()
    ]
    context = {
        "title": schema["info"]["title"],
        "description": _(schema["info"]["description"]),
        "version": schema["info"]["version"],
        "operations": operations,
        "signed_in": request.actor.kind == "person",  # type: ignore[attr-defined]
    }
    return render(request, "response/api.html", context)


def _operation(
    request: HttpRequest, schema: dict[str, Any], path: str, method: str, said: dict[str, Any]
) -> dict[str, Any]:
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    fields = _fields(schema, body) if body else []
    return {
        "method": method.upper(),
        "path": path,
        "id": said["operationId"],
        "summary": _(said["summary"]),
        "description": said.get("description", ""),
        "open": not _guarded(said),
        "parameters": [_parameter(p) for p in said.get("parameters", [])],
        "fields": fields,
        "answers": [
            _answer(schema, status, a)
            for status, a in sorted(said.get("responses", {}).items(), key=lambda r: str(r[0]))
        ],
        "curl": _curl(request, path, method, said, fields),
    }


def _guarded(said: dict[str, Any]) -> bool:
    """Whether a token is asked for: such an operation says what it answers without one."""
    return "401" in {str(status) for status in said.get("responses", {})}


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        return name, schema["components"]["schemas"][name]
    return node.get("title", ""), node


def _type(node: dict[str, Any]) -> str:
    """`string`, `list of LineOut`, `date-time or null`."""
    if "anyOf" in node:
        return _(" 或 ").join(_type(n) for n in node["anyOf"])
    if "$ref" in node:
        return str(node["$ref"].rsplit("/", 1)[-1])
    if node.get("type") == "array":
        return _("%(kind)s 的列表") % {"kind": _type(node.get("items", {}))}
    if "enum" in node:
        return " | ".join(map(str, node["enum"]))
    if "const" in node:
        return str(node["const"])
    return str(node.get("format") or node.get("type") or "")


def _limits(node: dict[str, Any]) -> str:
    words = {"maxLength": _("最多 %(n)s 字"), "maximum": _("不大于 %(n)s"), "minimum": _("不小于 %(n)s"),
             "maxItems": _("最多 %(n)s 个")}  # fmt: skip
    return _("，").join(text % {"n": node[name]} for name, text in words.items() if name in node)


def _fields(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    _name, body = _resolve(schema, node)
    needed = set(body.get("required", []))
    return [
        {
            "name": name,
            "type": _type(field),
            "needed": name in needed,
            "default": field.get("default", ""),
            "note": _limits(field),
            "example": (field.get("examples") or [None])[0],
            "kind": field.get("type", "string"),
        }
        for name, field in body.get("properties", {}).items()
    ]


def _parameter(said: dict[str, Any]) -> dict[str, Any]:
    node = said.get("schema", {})
    return {
        "name": said["name"],
        "where": said["in"],
        "type": _type(node),
        "needed": said.get("required", False),
        "default": node.get("default", ""),
        "note": _limits(node),
    }


def _answer(schema: dict[str, Any], status: Any, said: dict[str, Any]) -> dict[str, Any]:
    node = said.get("content", {}).get("application/json", {}).get("schema", {})
    inner = node.get("items", node) if node.get("type") == "array" else node
    name, _body = _resolve(schema, inner) if inner else ("", {})
    return {
        "status": str(status),
        "type": _type(node) or name,
        "name": name,
        "refusal": name == "RefusalOut",
        "fields": _fields(schema, inner) if inner and name != "RefusalOut" else [],
    }


def _curl(request: HttpRequest, path: str, method: str, said: dict[str, Any], fields: list[dict[str, Any]]) -> str:
    address = request.build_absolute_uri(path.replace("{number}", "261122-000001-5"))
    lines = [f"curl {'' if method == 'get' else '-X ' + method.upper() + ' '}{address}"]
    if _guarded(said):
        lines.append('  -H "Authorization: Bearer $TOKEN"')
    if any(p["name"].lower().replace("_", "-") == "idempotency-key" for p in said.get("parameters", [])):
        lines.append('  -H "Idempotency-Key: $(uuidgen)"')
    if fields:
        sample = {
            f["name"]: SAMPLES.get(f["name"], f["example"] or EXAMPLES.get(f["kind"], ""))
            for f in fields
            if f["needed"]
        }
        sample |= {name: SAMPLES[name] for name in ("description",) if any(f["name"] == name for f in fields)}
        lines += ['  -H "Content-Type: application/json"', f"  -d '{json.dumps(sample, ensure_ascii=False)}'"]
    return " \\\n".join(lines)


SAMPLES: dict[str, Any] = {
    "class_code": "0102", "lon": 116.3597, "lat": 39.8862, "description": "…", "verb": "accept", "version": 1,
}  # fmt: skip
