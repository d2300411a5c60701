"""Who answers for a case: an ordered table of readable rules, first match wins. Pure: no tables, no clock, no names."""

from .compare import Comparison, compare
from .engine import Decision, Problem, Router, Rule, check_rules, compile_rules, first_match, parse_hours
from .legacy import ordered
from .review import Cell, Overlap, Review, Space, review
from .sentences import Names, explain, sentence

__all__ = [
    "Cell",
    "Comparison",
    "Decision",
    "Names",
    "Overlap",
    "Problem",
    "Review",
    "Router",
    "Rule",
    "Space",
    "check_rules",
    "compare",
    "compile_rules",
    "explain",
    "first_match",
    "ordered",
    "parse_hours",
    "review",
    "sentence",
]
