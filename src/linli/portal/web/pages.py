"""Pages that only read: home, what is kept and why, where the data come from; and the offline shell."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from linli.core import clock
from linli.response import queries as response
from linli.territory import queries as territory
from linli.vault import queries as vault

from .. import queries
from ..choices import ADDRESS_MAX, DESCRIPTION_MAX, PHOTO_MAX, REFUSED_USES, UNKNOWN_CLASS
from .send import page_token

LATEST = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What one can do here, and how it goes this week."""
    context = {
        "counts": response.public_counts(days=7),
        "latest": queries.public_matters(days=7, limit=LATEST),
    }
    return render(request, "portal/home.html", context)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The register of personal fields as everybody may read it, and what this house refuses to do."""
    consent = vault.consent_for("case_contact")
    context = {
        "register": vault.public_register(),
        "refused": REFUSED_USES,
        "consent": consent,
        "consent_text": consent.text(translation.get_language() or "zh"),
    }
    return render(request, "portal/privacy.html", context)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Where the data come from, and how far the boundaries may be trusted."""
    credit, note = territory.attribution()
    subdistricts = territory.divisions(9)
    communities = territory.divisions(12)
    classes = response.classes()
    context = {
        "credit": credit,
        "boundary_note": note,
        "revision": territory.revision(),
        "subdistricts": len(subdistricts),
        "communities": len(communities),
        "drawn": sum(c.has_boundary for c in communities),
        "classes": len(classes),
        "provisional": sum(c.limit_provenance == "provisional" for c in classes),
        "today": clock.today(),
    }
    return render(request, "portal/about.html", context)


@require_safe
@never_cache
def offline(request: HttpRequest) -> HttpResponse:
    """The page that a phone keeps: a whole report on one page, sent once there is a network again."""
    consent = vault.consent_for("case_contact")
    context = {
        "areas": queries.areas(),
        "choice": queries.class_choice(),
        "unknown_class": UNKNOWN_CLASS,
        "consent": consent,
        "consent_text": consent.text(translation.get_language() or "zh"),
        "page_token": page_token(),
        "photo_max": PHOTO_MAX,
        "description_max": DESCRIPTION_MAX,
        "address_max": ADDRESS_MAX,
    }
    return render(request, "portal/offline.html", context)


@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root so that it may answer for every page; its first line names the release."""
    script = (Path(__file__).resolve().parent.parent / "static" / "portal" / "worker.js").read_text(encoding="utf-8")
    head = (
        f'const REVISION = "{settings.STATIC_REVISION}";\n'
        f'const STATIC = "{settings.STATIC_URL}";\n'
        f'const SHELL = "{reverse("portal:offline")}";\n'
        f'const REPORT = "{reverse("portal:report")}";\n'
    )
    return HttpResponse(head + script, content_type="text/javascript; charset=utf-8")
