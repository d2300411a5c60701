"""Tables of the evaluation; what moves through them is decided elsewhere."""

from .books import Book
from .experts import Answer, Invitation, Questionnaire
from .frameworks import Framework, FrameworkNode
from .observations import Delivery, Observation, Publication, Ruling
from .results import Inputs, Result, Scenario
from .series import Series, SeriesName
from .units import Unit, UnitChange, UnitName

__all__ = [
    "Answer",
    "Book",
    "Delivery",
    "Framework",
    "FrameworkNode",
    "Inputs",
    "Invitation",
    "Observation",
    "Publication",
    "Questionnaire",
    "Result",
    "Ruling",
    "Scenario",
    "Series",
    "SeriesName",
    "Unit",
    "UnitChange",
    "UnitName",
]
