"""Loading the routes that a pack brings: which body answers for which class where."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.organisations import queries as organisations

from .. import catalogue, permissions
from ..models import Route
from .loading import bump, refuse_rows, rows_of
from .routing import publish_routes


def load_routes(*, actor: Actor, text: str) -> int:
    """Replace the routes by those of a CSV (division, class_prefix, body code). All rows or none. Returns how many.

    They become the table of rules in force, narrowest first.
    """
    permissions.can_administer(actor).or_forbidden()
    rows, problems, fresh, seen = rows_of(text), [], [], set()
    for place, row in enumerate(rows, 2):
        body = organisations.body_by_code(row.get("body", ""))
        pair = (row.get("division", ""), row.get("class_prefix", ""))
        if body is None:
            problems.append(_("第 %(row)s 行：没有单位 %(body)s。") % {"row": place, "body": row.get("body", "")})
        elif pair in seen:
            problems.append(_("第 %(row)s 行：区划与问题类型重复。") % {"row": place})
        else:
            fresh.append(
                Route(
                    division=pair[0],
                    class_prefix=pair[1],
                    body_id=body.id,
                    provenance=row.get("provenance") or "provisional",
                    source=row.get("source", ""),
                )
            )
        seen.add(pair)
    refuse_rows(problems)
    with transaction.atomic():
        Route.objects.all().delete()
        Route.objects.bulk_create(fresh)
        publish_routes(actor=actor)
        bump()
    catalogue.forget()
    return len(fresh)
