"""The current actor. STUB."""

from linli.core.actor import RESIDENT


class CurrentActor:
    def __init__(self, get_response):  # type: ignore[no-untyped-def]
        self.get_response = get_response

    def __call__(self, request):  # type: ignore[no-untyped-def]
        request.actor = RESIDENT
        return self.get_response(request)
