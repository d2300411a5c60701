"""STUB."""


class _Pass:
    def __init__(self, get_response):  # type: ignore[no-untyped-def]
        self.get_response = get_response

    def __call__(self, request):  # type: ignore[no-untyped-def]
        return self.get_response(request)


class RequestId(_Pass): ...


class Language(_Pass): ...


class Refusals(_Pass): ...
