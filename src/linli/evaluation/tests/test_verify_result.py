"""`linli verify-result`: what is kept under a hash gives it again, or the command fails."""

from __future__ import annotations

import zlib
from argparse import Namespace
from collections.abc import Callable

import pytest

from linli.config.commands import Failed, results
from linli.evaluation.models import Framework, Inputs

from .test_runs import run

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_result_is_computed_again(
    make_framework: Callable[..., Framework], capsys: pytest.CaptureFixture[str]
) -> None:
    row = run(make_framework())
    assert row.inputs_id is not None
    assert results.verify(Namespace(digest=row.inputs_id[:8], year=2022)) == 0
    said = capsys.readouterr().out
    assert row.inputs_id in said
    assert "北京市" in said
    for digest, year in (("00", None), ("0" * 64, None), (row.inputs_id, 1999)):
        with pytest.raises(Failed):
            results.verify(Namespace(digest=digest, year=year))
    inputs = Inputs.objects.get()
    changed = zlib.decompress(bytes(inputs.content)).replace(b'"years": [2021', b'"years": [2020')
    Inputs.objects.update(content=zlib.compress(changed))
    with pytest.raises(Failed):
        results.verify(Namespace(digest=row.inputs_id, year=None))
