"""The programming interface: one NinjaAPI, a router a room. Refusals and bad input answer in one JSON form."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.renderers import JSONRenderer

from linli.core.errors import Refusal, TooMany
from linli.response.api import router as cases


class House(NinjaAPI):
    """Makes its schema once a process: a tenth of a second's work that anybody may ask for."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> Any:
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in _schemas:
            _schemas[prefix] = super().get_openapi_schema(path_prefix=prefix)
        return _schemas[prefix]


_schemas: dict[str, Any] = {}
api = House(
    title="邻里 Linli",
    version="1",
    description=gettext_noop("案件的上报、查询与办理。令牌在“设置 → 令牌”里建立，放在 Authorization: Bearer 里。"),
    docs_url=None,  # our own page: the stock one needs inline styles, which the content policy forbids
    urls_namespace="api",
    renderer=JSONRenderer(),
)
api.add_router("", cases)


@api.exception_handler(Refusal)
def refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    """A refusal of the house."""
    response = api.create_response(request, error.as_dict(), status=error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.details.get("retry_after_s", 60))
    return response


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What pydantic found, by field."""
    fields: dict[str, list[str]] = {}
    for problem in error.errors:
        where = [str(part) for part in problem["loc"] if part not in ("body", "query", "path", "header", "data")]
        fields.setdefault(".".join(where) or "body", []).append(str(problem["msg"]))
    body: dict[str, Any] = {"code": "invalid_input", "message": _("提交的内容不符合接口要求。"), "fields": fields}
    return api.create_response(request, body, status=422)


@api.exception_handler(AuthenticationError)
def unknown_caller(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """No token, or no session."""
    return api.create_response(
        request, {"code": "not_signed_in", "message": _("请先登录，或提供有效的令牌。")}, status=401
    )


@api.exception_handler(HttpError)
def bad_request(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Anything that ninja refuses by itself (a body that is no JSON)."""
    status = 422 if error.status_code == 400 else error.status_code
    body = {"code": "invalid_input", "message": _("提交的内容不符合接口要求。")}
    return api.create_response(request, body, status=status)
