"""Drafts, attaching, erasing: rows and files together."""

from __future__ import annotations

import io
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor
from linli.core.errors import Invalid
from linli.files import actions, images, jobs, queries, store
from linli.files.models import Upload

from . import pictures

OPERATOR, OTHER = Actor("person", 3, "受理员"), Actor("person", 4, "受理员")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def taken(actor: Actor = RESIDENT, subject: str = "", name: str = "a.jpg") -> Upload:
    return actions.accept_upload(actor=actor, stream=io.BytesIO(pictures.jpeg()), name=name, subject=subject)


NAMES = [
    "../../etc/passwd",
    "C:\\windows\\a.exe",
    "照片\u202egpj.exe",
    "📷🏮.jpg",
    "a\x00.php",
    "",
    "x" * 5000,
    "..",
    "/",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_a_user_gives_goes_nowhere(media: Path, name: str) -> None:
    kept = taken(name=name)
    key = kept.key
    assert files_in(media) == [f"uploads/{key[:2]}/{key[2:4]}/{key}.{size}.jpg" for size in ("full", "small")]
    assert len(key) == 32 and kept.sha256 and kept.size == (media / files_in(media)[0]).stat().st_size
    for file in files_in(media):
        assert stat.S_IMODE((media / file).stat().st_mode) == 0o600
    assert kept.created_by == "resident" and kept.expires_at - kept.created_at == timedelta(hours=24)


def test_a_refused_file_leaves_nothing(media: Path) -> None:
    for data in (pictures.EXECUTABLE, b"", pictures.HEIC, pictures.jpeg()[:300]):
        with pytest.raises(Invalid):
            actions.accept_upload(actor=RESIDENT, stream=io.BytesIO(data), name="photo.jpg")
    assert files_in(media) == [] and not Upload.objects.exists()


def test_forty_megabytes_are_not_read_to_the_end() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0, "never all at once"
            self.given += size
            return b"\xff\xd8\xff" + b"\0" * (size - 3)

    stream = Endless()
    with pytest.raises(Invalid) as refusal:
        actions.accept_upload(actor=RESIDENT, stream=stream, name="a.jpg")
    assert refusal.value.code == "too_large"
    assert stream.given <= images.MAX_BYTES + 1


def test_attaching_is_one_update_in_order_and_may_be_repeated() -> None:
    first, second = taken(), taken(OPERATOR)
    with CaptureQueriesContext(connection) as seen:
        rows = actions.attach(actor=OPERATOR, keys=[second.key, first.key, second.key], subject="case:1")
    assert [q["sql"].split()[0] for q in seen if "SAVEPOINT" not in q["sql"]] == ["UPDATE"]
    assert [r.key for r in rows] == [second.key, first.key]
    assert all(r.subject == "case:1" and r.expires_at is None for r in Upload.objects.all())
    again = actions.attach(actor=OPERATOR, keys=[first.key], subject="case:1")
    assert [r.key for r in again] == [first.key]
    assert [u.key for u in queries.for_subject(actor=OPERATOR, subject="case:1")] == [first.key, second.key]
    found = queries.for_subjects(actor=OPERATOR, subjects=["case:1", "case:2", ""])
    assert {s: len(rows) for s, rows in found.items()} == {"case:1": 2}
    assert actions.attach(actor=OPERATOR, keys=[], subject="case:1") == []


def test_attaching_is_all_or_none() -> None:
    mine, theirs, elsewhere = taken(), taken(OTHER), taken(subject="case:2")
    with clock.at(clock.now() - timedelta(hours=25), actor=SYSTEM):
        old = taken()
    for bad in (theirs.key, elsewhere.key, old.key, "0" * 32, "../../etc", "'; DROP TABLE files_upload; --", ""):
        with pytest.raises(Invalid) as refusal:
            actions.attach(actor=OPERATOR, keys=[mine.key, bad], subject="case:1")
        assert refusal.value.code == "photo_expired"
    with pytest.raises(Invalid) as refusal:
        actions.attach(actor=OPERATOR, keys=[f"{n:032x}" for n in range(10)], subject="case:1")
    assert refusal.value.code == "too_many_photos"
    assert not Upload.objects.filter(subject="case:1").exists()
    with pytest.raises(ValueError, match="attach to what"):
        actions.attach(actor=OPERATOR, keys=[mine.key], subject="")


def test_erasing_a_subject_removes_rows_and_files(media: Path, django_capture_on_commit_callbacks) -> None:
    kept = taken(subject="case:1")
    other = taken(subject="case:10")
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.erase_for(actor=SYSTEM, subject="case:1") == 1
        assert len(files_in(media)) == 4, "the files wait for the commit"
    assert not Upload.objects.filter(key=kept.key).exists()
    assert {p.split("/")[-1].split(".")[0] for p in files_in(media)} == {other.key}
    assert actions.erase_for(actor=SYSTEM, subject="") == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.erase_one(actor=SYSTEM, key=other.key) == 1
    assert files_in(media) == []


def test_the_sweep_takes_old_drafts_and_files_without_a_row(
    media: Path, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    monkeypatch.setattr(actions, "BATCH", 2)
    now = clock.now()
    with clock.at(now - timedelta(hours=24), actor=SYSTEM):
        for _n in range(5):
            taken()
    draft, kept, lost, fresh = taken(), taken(subject="case:1"), store.new_key(), store.new_key()
    store.write(lost, "full", b"x")
    store.write(fresh, "full", b"x")
    for key in (lost, kept.key):
        for path in media.rglob(f"{key}.*"):
            os.utime(path, (0, 0))
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep(now=now) == {"drafts": 5, "orphans": 1}
    left = {p.split("/")[-1].split(".")[0] for p in files_in(media)}
    assert left == {draft.key, kept.key, fresh}


def test_the_database_refuses_a_draft_for_ever() -> None:
    kept = taken()
    for change in ({"expires_at": None}, {"subject": "case:1"}, {"width": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Upload.objects.filter(pk=kept.pk).update(**change)


def test_paths_are_made_of_keys_alone() -> None:
    for bad in ("../../../etc/passwd", "a" * 31, "A" * 32, "a" * 32 + "\n", ""):
        with pytest.raises(ValueError):
            store.path_of(bad, "full")
    with pytest.raises(ValueError):
        store.path_of("a" * 32, "../full")
