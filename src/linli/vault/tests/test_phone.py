"""Telephone numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.core.errors import Invalid
from linli.vault.rules import masked_phone, normal_name, normal_phone


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("13812345678", "13812345678"),
        (" 138 1234 5678 ", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("+8613812345678", "13812345678"),
        ("010-66201234", "010-66201234"),
        ("（010）6620-1234", "010-66201234"),
        ("01066201234", "010-66201234"),
        ("+86 10 6620 1234", "010-66201234"),
        ("010-66201234转12", "010-66201234x12"),
        ("010-66201234 分机 1203", "010-66201234x1203"),
        ("021 5020 1234", "021-50201234"),
        ("0311-8765432", "0311-8765432"),
        ("0755 2345 6789", "0755-23456789"),
        ("4008001234", "4008001234"),
        ("+852 2123 4567", "+85221234567"),
        ("+1 (415) 555-0132", "+14155550132"),
    ],
)
def test_one_form(written: str, kept: str) -> None:
    assert normal_phone(written) == kept
    assert normal_phone(kept) == kept


@pytest.mark.parametrize(
    "written",
    ["", "  ", "12345", "1381234567", "138123456789", "23812345678", "66201234", "010-1234567", "电话", "138 1234 567八",
     "13812345678 13912345678", "138\x0012345678", "1" * 100_000, "\u202e13812345678", "٠١٠٦٦٢٠١٢٣٤", "+86", "-", "📞13812345678"],
)  # fmt: skip
def test_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(Invalid) as refusal:
        normal_phone(written)
    assert refusal.value.code == "bad_phone"
    assert refusal.value.fields["phone"]
    assert str(refusal.value.message).endswith("。")


def test_a_local_number_is_told_to_add_its_area() -> None:
    with pytest.raises(Invalid) as refusal:
        normal_phone("66201234")
    assert "区号" in str(refusal.value.message)


@given(st.text(max_size=60))
def test_any_text_is_kept_in_one_form_or_refused(text: str) -> None:
    try:
        kept = normal_phone(text)
    except Invalid:
        return
    assert kept.isascii() and normal_phone(kept) == kept and len(kept) <= 30


def test_masked() -> None:
    assert masked_phone("13812345678") == "138****5678"
    assert masked_phone("123") == "***"


def test_names() -> None:
    assert normal_name("  王  女士 ") == "王 女士"
    assert normal_name("") == ""
    for bad in ("x" * 41, "a\x00b", "王\u202e女士"):
        with pytest.raises(Invalid) as refusal:
            normal_name(bad)
        assert "name" in refusal.value.fields
