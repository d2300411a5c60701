"""The register of personal fields against every model of the house. A new field fails here until it is listed."""

from __future__ import annotations

import pytest
from django.db import models
from django.test.utils import isolate_apps
from django.utils import translation

from linli.vault import queries, registry
from linli.vault.choices import Seen


def test_every_field_of_every_model_is_in_the_register() -> None:
    assert registry.problems() == [], "\n" + "\n".join(registry.problems())


def test_what_is_sealed_is_listed_as_personal() -> None:
    personal = {(r.model, r.field) for r in registry.rows() if r.personal}
    assert {
        ("vault.Contact", "sealed"),
        ("flow.Sealed", "ciphertext"),
        ("accounts.Account", "display_name"),
    } <= personal


def test_a_contact_is_never_seen_without_a_post() -> None:
    for row in registry.rows():
        if row.kind == "contact":
            assert set(row.who_sees) == {Seen.SUPERVISION, Seen.HANDLING_BODY} and row.retention == "closed_90_days"


@isolate_apps("linli.vault")
def test_every_kind_of_telling_field_is_found() -> None:
    class Everything(models.Model):
        text = models.TextField()
        name = models.CharField(max_length=9)
        mail = models.EmailField()
        data = models.JSONField()
        raw = models.BinaryField()
        file = models.FileField()
        address = models.GenericIPAddressField()
        lon = models.FloatField()
        price = models.DecimalField(max_digits=9, decimal_places=2)
        number = models.IntegerField()
        day = models.DateField()
        whose = models.ForeignKey("accounts.Account", on_delete=models.CASCADE)

        class Meta:
            app_label = "vault"

    from django.contrib.auth import get_user_model

    Everything._meta.get_field("whose").remote_field.model = get_user_model()
    found = {field for _model, field in registry.telling_fields([Everything])}
    assert found == {"text", "name", "mail", "data", "raw", "file", "address", "lon", "price", "whose"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("vault.Contact,sealed", "vault.Contact,seeled"), "vault.Contact.sealed is not in personal_fields.csv. Add a line"),
        (("vault.Contact,sealed", "vault.Contact,seeled"), "vault.Contact.seeled is in personal_fields.csv but not in the models"),
        ((",contact,call_back,", ",contact,curiosity,"), "purpose 'curiosity' is not one of"),
        ((",closed_90_days,supervision", ",closed_90_days,everybody"), "who_sees joins"),
        (("vault.Contact,purpose,no,,", "vault.Contact,purpose,no,contact,"), "the other columns stay empty"),
        (("vault.Contact,purpose,no,,,,,\n", "vault.Contact,purpose,no,,,,,\n" * 2), "stands twice"),
        (("model,field,", "field,model,"), "the columns are"),
    ],
)  # fmt: skip
def test_a_wrong_line_says_what_to_write(tmp_path, monkeypatch, change: tuple[str, str], said: str) -> None:
    text = registry.SOURCE.read_text(encoding="utf-8")
    assert change[0] in text
    wrong = tmp_path / registry.SOURCE.name
    wrong.write_text(text.replace(*change), encoding="utf-8")
    monkeypatch.setattr(registry, "SOURCE", wrong)
    registry.rows.cache_clear()
    try:
        assert any(said in problem for problem in registry.problems()), registry.problems()
    finally:
        registry.rows.cache_clear()


def test_the_public_register_speaks_to_people() -> None:
    lines = queries.public_register()
    assert lines[0].kind == "联系电话和称呼" and lines[0].fields == ("vault.Contact.sealed",)
    assert all(line.basis.startswith("《个人信息保护法》") and line.who_sees and line.retention for line in lines)
    assert sum(len(line.fields) for line in lines) == sum(r.personal for r in registry.rows())
    with translation.override("en"):
        assert len(queries.public_register()) == len(lines)
