"""What every page's shell needs to know. No SQL beyond what the lazy actor itself may cost."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from linli.core import clock
from linli.core.actor import RESIDENT, Actor

from . import live
from . import nav as navigation

HTML_LANG = {"zh-hans": "zh-CN", "en": "en"}


def shell(request: HttpRequest) -> dict[str, Any]:
    """`shell`: language, theme, demonstration, actor, nav, live; `actor` beside it for short."""
    return {"shell": Shell(request), "actor": getattr(request, "actor", RESIDENT)}


class Shell:
    """Read by templates, each part worked out only when a page asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def actor(self) -> Actor:
        return getattr(self._request, "actor", RESIDENT)

    @property
    def signed_in(self) -> bool:
        return self.actor.kind == "person"

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @property
    def html_lang(self) -> str:
        return HTML_LANG.get(self.language, self.language)

    @property
    def other_language(self) -> dict[str, str]:
        """The language the switch offers, named in itself."""
        if self.language.startswith("zh"):
            return {"code": "en", "name": "English", "lang": "en"}
        return {"code": "zh-hans", "name": "中文", "lang": "zh-CN"}

    @property
    def theme(self) -> str:
        value = self._request.COOKIES.get("linli_theme", "")
        return value if value in {"light", "dark"} else ""

    @property
    def demonstration(self) -> bool:
        return bool(settings.DEMONSTRATION)

    @property
    def revision(self) -> str:
        return str(settings.STATIC_REVISION)

    @property
    def path(self) -> str:
        return self._request.get_full_path()

    @property
    def request_id(self) -> str:
        return getattr(self._request, "id", "")

    @property
    def now(self) -> Any:
        return timezone.localtime(clock.now())

    @property
    def nav(self) -> list[navigation.Link]:
        return navigation.links(self.actor, self._request.path)

    @property
    def user_nav(self) -> list[navigation.Link]:
        return navigation.links(self.actor, self._request.path, "user")

    @property
    def settings_nav(self) -> list[navigation.Link]:
        return navigation.links(self.actor, self._request.path, "settings")

    @property
    def live(self) -> dict[str, Any]:
        """The three data attributes of a live page, for the scope that the view chose (`request.live_scope`)."""
        scope = getattr(self._request, "live_scope", "")
        return {"url": live.PATH, "token": live.live_token(self.actor, scope), "after": live.position()}
