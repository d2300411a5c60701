"""Keys: made once whatever races, closed to others, rotated without losing what was sealed before."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from linli.vault import keys


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    settings.KEYS = tmp_path
    keys._ring_of.cache_clear()
    yield tmp_path
    keys._ring_of.cache_clear()


def test_the_first_use_makes_a_closed_file(folder: Path) -> None:
    sealed = keys.seal("contact", b"13812345678")
    assert [p.name for p in folder.iterdir()] == ["contact.k1"]
    assert stat.S_IMODE((folder / "contact.k1").stat().st_mode) == 0o600
    assert b"13812345678" not in sealed
    assert keys.unseal("contact", sealed) == b"13812345678"
    assert keys.seal("contact", b"x") != keys.seal("contact", b"x")


def test_sealed_bytes_open_only_with_purpose_aad_and_whole(folder: Path) -> None:
    sealed = keys.seal("sealed", b"secret", aad=b"7")
    assert keys.unseal("sealed", memoryview(sealed), aad=b"7") == b"secret"
    for wrong in (
        lambda: keys.unseal("sealed", sealed, aad=b"8"),
        lambda: keys.unseal("contact", sealed, aad=b"7"),
        lambda: keys.unseal("sealed", sealed[:-1], aad=b"7"),
        lambda: keys.unseal("sealed", b"", aad=b"7"),
        lambda: keys.unseal("sealed", b"\x09" + sealed[1:], aad=b"7"),
    ):
        with pytest.raises(keys.KeyTrouble):
            wrong()
    for at in range(len(sealed)):
        broken = bytearray(sealed)
        broken[at] ^= 1
        with pytest.raises(keys.KeyTrouble):
            keys.unseal("sealed", bytes(broken), aad=b"7")


def test_rotation_seals_anew_and_opens_the_old(folder: Path) -> None:
    old, mark = keys.seal("contact", b"old"), keys.mac("contact", b"m")
    assert keys.rotate("contact") == 2
    new = keys.seal("contact", b"new")
    assert (keys.sealed_with(old), keys.sealed_with(new)) == (1, 2)
    assert (keys.unseal("contact", old), keys.unseal("contact", new)) == (b"old", b"new")
    assert keys.mac("contact", b"m") != mark
    assert keys.macs("contact", b"m") == (keys.mac("contact", b"m"), mark)
    assert keys.mac_holds("contact", b"m", mark) and not keys.mac_holds("contact", b"n", mark)


def test_a_key_rotated_elsewhere_opens_here_at_once(folder: Path) -> None:
    keys.seal("contact", b"x")
    other = keys.Ring(folder)
    other.add("contact")
    key = other.current("contact")
    sealed = key.head + b"n" * 12 + key.cipher.encrypt(b"n" * 12, b"from there", key.head)
    assert keys.unseal("contact", sealed) == b"from there"


def test_marks_differ_by_purpose_and_are_hex(folder: Path) -> None:
    assert keys.mac("receipt", b"a") == keys.mac("receipt", b"a")
    assert keys.mac("receipt", b"a") != keys.mac("seal", b"a")
    assert len(keys.mac("receipt", b"a")) == 64
    int(keys.mac("receipt", b"a"), 16)


def test_a_lost_or_changed_key_says_so(folder: Path) -> None:
    sealed = keys.seal("contact", b"x")
    (folder / "contact.k1").unlink()
    keys._ring_of.cache_clear()
    with pytest.raises(keys.KeyTrouble, match="not the one"):  # a fresh k1 was made: it says it is another key
        keys.unseal("contact", sealed)
    (folder / "contact.k1").write_text("short")
    keys._ring_of.cache_clear()
    with pytest.raises(keys.KeyTrouble, match=r"damaged|read"):
        keys.unseal("contact", sealed)
    assert any("contact.k1" in line for line in keys.problems())


def test_problems_name_what_is_open(folder: Path) -> None:
    folder.chmod(0o700)
    keys.prepare()
    assert {p.name for p in folder.iterdir()} == {f"{p}.k1" for p in keys.PURPOSES}
    assert keys.problems() == []
    (folder / "seal.k1").chmod(0o644)
    assert keys.problems() == ["seal.k1 is open to others: chmod 600"]


def test_unknown_purpose_is_a_bug(folder: Path) -> None:
    with pytest.raises(keys.KeyTrouble, match="no such purpose"):
        keys.seal("../evil", b"x")


def test_processes_that_start_at_once_share_one_key(folder: Path) -> None:
    program = (
        "import sys,time\nfrom pathlib import Path\nfrom linli.vault import keys\n"
        "r=keys.Ring(Path(sys.argv[1]))\nprint('ready',flush=True)\nsys.stdin.readline()\n"
        "print(r.current('contact').mark(b'x'), r.add('seal').number)\n"
    )
    src = str(Path(keys.__file__).resolve().parents[2])
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": src, "PATH": "/usr/bin"},
        )
        for _ in range(6)
    ]
    for run in runs:
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        run.stdin.write("\n")
        run.stdin.flush()
    said = [run.communicate(timeout=60)[0].split() for run in runs]
    assert all(run.returncode == 0 for run in runs)
    assert len({mark for mark, _ in said}) == 1
    names = {p.name for p in folder.iterdir()}
    assert "contact.k1" in names and "contact.k2" not in names
    assert not any(name.startswith(".") for name in names)


def test_what_was_sealed_to_a_place_says_so_and_cannot_be_taken_for_the_older_form(folder: Path) -> None:
    bound, loose = keys.seal("sealed", b"x", aad=b"7"), keys.seal("sealed", b"x")
    assert keys.is_bound(bound) and not keys.is_bound(loose)
    for trick in (b"\x01" + bound[1:], b"\x02" + loose[1:]):
        for aad in (b"", b"7"):
            with pytest.raises(keys.Changed):
                keys.unseal("sealed", trick, aad=aad)


def test_the_older_form_with_a_place_opens(folder: Path) -> None:
    key = keys.ring().current("contact")
    nonce = b"n" * 12
    older = key.head + nonce + key.cipher.encrypt(nonce, b"13812345678", key.head + b"contact\0case/1")
    assert keys.unseal("contact", older, aad=b"contact\0case/1") == b"13812345678"
    with pytest.raises(keys.Changed):
        keys.unseal("contact", older, aad=b"contact\0case/2")
