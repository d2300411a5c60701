"""Whether a case was offered to society before."""

from __future__ import annotations

from ..choices import OfferState
from ..models import Case


def offered_in_vain(case: Case) -> bool:
    """Whether an invitation came to nothing since the limit of the case began (1 SQL)."""
    vain = case.offers.filter(state__in=[OfferState.LAPSED, OfferState.GIVEN_UP], ended_at__gte=case.counted_from)
    return bool(vain.exists())
