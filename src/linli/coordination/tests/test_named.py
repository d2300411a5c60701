"""Names of data in the reader's language."""

from __future__ import annotations

from types import SimpleNamespace

from django.utils.translation import override

from linli.coordination.templatetags.coordination import named


def test_a_name_is_said_in_the_reader_s_language_and_never_empty() -> None:
    shift, unnamed = SimpleNamespace(name="早班", name_en="Early"), SimpleNamespace(name="城墙根班", name_en="")
    with override("en"):
        assert (named(shift), named(unnamed)) == ("Early", "城墙根班")
    with override("zh-hans"):
        assert (named(shift), named(unnamed)) == ("早班", "城墙根班")
