"""The WSGI entry that granian serves. What the first request would wait for is read when the process starts."""

import logging
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.config.settings")
application = get_wsgi_application()


def warm() -> None:
    """Load the address table with its views and the territory (about a second); without a database, go on without."""
    from django.db import connections
    from django.urls import get_resolver

    try:
        _every = get_resolver().url_patterns
        from linli.territory import queries

        queries.warm()
    except Exception:  # a server that cannot answer yet still says so itself, at /healthz
        logging.getLogger("linli.web").exception("not warm")
    finally:
        connections.close_all()  # requests are answered by other threads, with connections of their own


warm()
