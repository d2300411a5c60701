"""The WSGI entry that granian serves. What the first request would wait for is read when the process starts."""

import logging
import os
import threading

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.config.settings")
application = get_wsgi_application()
log = logging.getLogger("linli.web")
LISTENS_S = 0.5  # the address table first: the server listens when this module has been read


def warm() -> None:
    """Load the address table with its views and the territory (about a second); without a database, go on without."""
    from django.db import connections
    from django.urls import get_resolver

    try:
        _every = get_resolver().url_patterns
        from linli.territory import queries

        queries.warm()
    except Exception:  # a server that cannot answer yet still says so itself, at /healthz
        log.exception("not warm")
    finally:
        connections.close_all()  # requests are answered by other threads, with connections of their own


def warm_streets() -> None:
    """Build the walking network beside the first requests, in a thread of its own that nobody waits for."""
    from django.db import connections

    try:
        from linli.circle import queries

        queries.warm()
    except Exception:  # the first request that needs it tries again, and says what is wrong
        log.exception("streets not warm")
    finally:
        connections.close_all()


warm()
if os.environ.get("LINLI_WARM") == "1":  # `linli run` says so: granian reads this module after the fork, others may not
    _later = threading.Timer(LISTENS_S, warm_streets)
    _later.daemon = True
    _later.start()
