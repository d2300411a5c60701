"""The context of one step, and the register of effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.flow.actions import DueTimes
from linli.organisations import queries as organisations

from ..catalogue import Catalogue, ClassView

if TYPE_CHECKING:
    from linli.flow.models import Matter
    from linli.organisations.queries import BodyView
    from linli.territory.queries import Located

    from ..actions.chain import Step
    from ..models import Case


@dataclass(slots=True)
class Context:
    """One step being taken. An effect fills the lower half; nothing is written before all effects have agreed."""

    actor: Actor
    case: Case
    step: Step
    now: datetime
    known: Catalogue
    view: ClassView  # the class that the case has after the step

    facts: dict[str, Any] = field(default_factory=dict)  # for the journal: never personal
    personal: dict[str, Any] = field(default_factory=dict)  # sealed
    given: dict[str, Any] = field(default_factory=dict)  # what the needs of the arrow are checked against
    values: dict[str, Any] = field(default_factory=dict)  # columns of the matter
    on_case: dict[str, Any] = field(default_factory=dict)  # columns of the case
    located: Located | None = None  # where the case lies after the step, if it had no place before
    due: DueTimes | None = None  # instead of the times that the table gives
    first: list[Callable[[], Any]] = field(default_factory=list)  # in the transaction, before anything is written
    then: list[Callable[[], Any]] = field(default_factory=list)
    pressed: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def press(self, verb: str, extra: dict[str, Any]) -> None:
        """What the system presses right after this step, in the same transaction."""
        self.pressed.append((str(verb), extra))

    @property
    def matter(self) -> Matter:
        return self.case.matter

    @property
    def division(self) -> str:
        """Where the case lies, as narrowly as it is known: its working hours, its routes."""
        if self.located is not None:
            return self.located.community or self.located.subdistrict or self.located.district
        place = self.matter
        return place.community or place.subdistrict or place.area

    def hand_to(self, body_id: int) -> int:
        """It is this body's, or that of the one that took its place. One that was closed has nobody who could sign: then
        it waits for a dispatcher at once. Returns the body that is named."""
        owner = organisations.resolve(body_id)
        self.values["body_id"] = owner
        found = organisations.body(owner)
        if found is None or not found.is_active:
            self.press("fall_back", {})
        return owner

    def said(self, name: str) -> Any:
        """What the form said beyond the common fields."""
        return self.step.extra.get(name)

    def body(self, body_id: int | None, field_name: str = "body") -> BodyView:
        """The active body that answers for `body_id` now. Raises Invalid."""
        found = organisations.body(organisations.resolve(body_id)) if body_id else None
        if found is None or not found.is_active:
            sentence = _("请选择承办单位。")
            raise Invalid("unknown_body", sentence, fields={field_name: [sentence]})
        return found


Effect = Callable[[Context], None]
_effects: dict[str, Effect] = {}


def effect(*verbs: str) -> Callable[[Effect], Effect]:
    """Decorator: this function is what `verbs` add to a move."""

    def keep(function: Effect) -> Effect:
        for verb in verbs:
            _effects[verb] = function
        return function

    return keep


def effect_of(verb: str) -> Effect | None:
    return _effects.get(verb)


def refuse(code: str, sentence: Any, field_name: str) -> Invalid:
    """An Invalid whose one sentence belongs to one field."""
    return Invalid(code, sentence, fields={field_name: [sentence]})


def wanted(extra: Mapping[str, Any], name: str, code: str, sentence: Any) -> Any:
    """What the form must have said under `name`. Raises Invalid."""
    value = extra.get(name)
    if value in (None, "", (), []):
        raise refuse(code, sentence, name)
    return value
