"""What the pages of the past share: who looks at which ground, the filters, the tabs between the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from linli.accounts.permissions import ActorRequest
from linli.core.errors import Invalid
from linli.response import board
from linli.response import queries as response
from linli.response.queries.happened import Ground
from linli.territory import queries as territory

from .. import forms

KINDS = tuple(sorted(str(k) for k in board.BOARD_KINDS))
PAGES = ("playback", "compare", "brief")


@dataclass(frozen=True, slots=True)
class Shown:
    """The ground of a page, its part of every address, and what the template is told of it."""

    ground: Ground
    query: dict[str, str]
    context: dict[str, Any]
    problem: Invalid | None

    def wrong(self, problem: Invalid) -> dict[str, Any]:
        """The sentences for the head of the form and, by name, for its fields."""
        fields = problem.fields or {"": [problem.message]}
        return {
            "problem": problem,
            "wrong": {name: str(sentences[0]) for name, sentences in fields.items()},
            "problems": [(name, str(s)) for name, sentences in fields.items() for s in sentences],
            "has_errors": True,
        }


def shown(request: ActorRequest, page: str) -> Shown:
    """Raises Forbidden, Missing: the division is not the actor's. A class that is unknown is a problem to be shown."""
    given, problem = request.GET.dict(), None
    try:
        ground = forms.ground_from(request.actor, given)
    except Invalid as refused:
        problem = refused
        ground = forms.ground_from(request.actor, given | {"class": ""})
    here = territory.division(ground.division)
    assert here is not None  # check_board has found it
    query = {"division": ground.division} | ({"class": ground.kind} if ground.kind else {})
    names = {"playback": _("回放"), "compare": _("对比"), "brief": _("简报")}
    back = reverse("command:subdistrict", args=[here.code]) if ground.inside else reverse("command:home")
    context = {
        "here": here,
        "page": page,
        "divisions": divisions(request.actor),
        "kinds": kinds(ground.kind),
        "ground": ground,
        "back": back,
        "kind_name": kind_name(ground.kind),
        "tabs": [(names[p], f"{reverse(f'command:{p}')}?{urlencode(query)}", p == page) for p in PAGES],
    }
    return Shown(ground, query, context, problem)


def divisions(actor: Any) -> list[tuple[str, str]]:
    """The boards that the actor may look at; none to choose where there is one."""
    home = board.home_division(actor)
    if len(home) == 6:
        whole = territory.division(home)
        assert whole is not None
        return [(home, whole.name), *((d.code, d.name) for d in territory.divisions(9))]
    held = sorted({p.division for p in actor.posts if p.kind in board.BOARD_KINDS and len(p.division) == 9})
    found = [(code, territory.division_name(code)) for code in held if territory.division(code)]
    return found if len(found) > 1 else []


def kinds(chosen: str) -> list[tuple[str, str]]:
    """Top classes, and below the chosen one its classes."""
    found: list[tuple[str, str]] = []
    for code, name in board.tops().items():
        found.append((code, name))
        if chosen and chosen.startswith(code):
            found += [(v.code, f"　{v.name}") for v in response.classes() if v.top_code == code]
    return found


def kind_name(kind: str) -> str:
    """A class or a top class in words; '' for none."""
    if not kind:
        return ""
    view = response.class_by_code(kind)
    return view.name if view else board.tops().get(kind, kind)
