"""Codes on paper: read over the telephone, kept only as a keyed mark, drawn for a camera."""

from __future__ import annotations

from linli.vault import slips


def test_a_code_is_read_over_the_telephone() -> None:
    code = slips.new_code()
    assert slips.normal(slips.grouped(code).lower()) == code
    assert slips.normal(f" {code[:5]} {code[5:]} ") == code
    assert slips.normal("OI2345ABCD") == slips.normal("012345abcd") == "OI2345ABCD"
    for wrong in ("", "ABCDE", code + "A", "ABCDE-FGHI!", "一二三四五六七八九十"):
        assert slips.normal(wrong) == ""
    assert slips.mark(code) in slips.marks(code) and code not in slips.mark(code)


def test_an_address_is_drawn() -> None:
    assert slips.drawing("https://example.org/v/ABCDEFGHIJ/").startswith("data:image/svg+xml")
