"""Every address of the house, room by room."""

from django.urls import include, path

from . import api_docs
from .api import api
from .wiring import wire

wire()

urlpatterns = [
    path("", include("linli.site.urls")),
    path("", include("linli.territory.urls")),
    path("", include("linli.vault.urls")),
    path("", include("linli.files.urls")),
    path("", include("linli.jobs.urls")),
    path("", include("linli.accounts.urls")),
    path("", include("linli.worktime.urls")),
    path("", include("linli.knowledge.urls")),
    path("", include("linli.exchange.urls")),
    path("", include("linli.response.urls")),
    path("", include("linli.circle.urls")),
    path("", include("linli.evaluation.urls")),
    path("", include("linli.ground.urls")),
    path("", include("linli.coordination.urls")),
    path("", include("linli.workbench.urls")),
    path("", include("linli.command.urls")),
    path("", include("linli.portal.urls")),
    path("api/", api_docs.page, name="api-docs"),
    path("api/v1/", api.urls),
]

handler400 = "linli.site.web.bad_request"
handler403 = "linli.site.web.not_allowed"
handler404 = "linli.site.web.not_found"
handler500 = "linli.site.web.failed"
