"""Articles and their versions, the tree they hang in, counters of use, notes that something is wrong, what was not found."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from .choices import (
    CODE_MAX,
    GAP_MAX,
    KEYWORDS_MAX,
    NOTE_MAX,
    QUESTION_MAX,
    SOURCE_MAX,
    SPOKEN_MAX,
    URL_MAX,
    Audience,
    Provenance,
    State,
    UseKind,
)


class Category(models.Model):
    """A node of the small tree (two levels); loaded as data."""

    code = models.CharField(max_length=8, unique=True)
    parent = models.CharField(max_length=8, blank=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=80, blank=True)


class Article(models.Model):
    """What stays the same while versions come and go. `seq` is swapped by every change."""

    code = models.CharField(max_length=CODE_MAX, unique=True)
    owner_body = models.ForeignKey("organisations.Body", null=True, on_delete=models.PROTECT, related_name="+")
    review_on = models.DateField(db_index=True)
    seq = models.PositiveIntegerField(default=1)
    changed = models.PositiveBigIntegerField(
        default=0, db_index=True
    )  # the revision that last touched what search sees

    class Meta:
        constraints = [models.CheckConstraint(name="knowledge_code_given", condition=~Q(code=""))]


class Version(models.Model):
    """One wording. Published once, then only replaced or retired: whoever was told it can look it up again."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices)
    question = models.CharField(max_length=QUESTION_MAX)
    answer = models.TextField()
    spoken = models.CharField(max_length=SPOKEN_MAX, blank=True)
    keywords = models.CharField(max_length=KEYWORDS_MAX, blank=True)  # parted by spaces
    initials = models.TextField(blank=True)  # spelled from question and keywords when the version is written
    source = models.CharField(max_length=SOURCE_MAX, blank=True)
    source_url = models.CharField(max_length=URL_MAX, blank=True)
    audience = models.CharField(max_length=12, choices=Audience.choices)
    category = models.CharField(max_length=8, db_index=True)
    division = models.CharField(max_length=12, blank=True)  # "" is everywhere
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    provenance = models.CharField(max_length=12, choices=Provenance.choices)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=40)
    published_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=40, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="knowledge_version_number"),
            models.UniqueConstraint(fields=["article"], condition=Q(state="draft"), name="knowledge_one_draft"),
            models.UniqueConstraint(fields=["article"], condition=Q(state="published"), name="knowledge_one_published"),
            models.CheckConstraint(name="knowledge_state_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(name="knowledge_audience_known", condition=Q(audience__in=Audience.values)),
            models.CheckConstraint(name="knowledge_provenance_known", condition=Q(provenance__in=Provenance.values)),
            models.CheckConstraint(
                name="knowledge_published_when",
                condition=Q(state="draft", published_at__isnull=True)
                | (~Q(state="draft") & Q(published_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="knowledge_valid_span",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_from__lte=F("valid_to")),
            ),
        ]


class Use(models.Model):
    """How often a version was used in a month. No person, no day, no place."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="uses")
    month = models.CharField(max_length=7)  # 2026-11
    kind = models.CharField(max_length=12, choices=UseKind.choices)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "month", "kind"], name="knowledge_use_once"),
            models.CheckConstraint(name="knowledge_use_known", condition=Q(kind__in=UseKind.values)),
        ]


class Doubt(models.Model):
    """A short note of a colleague that a version is wrong. About the text, never about a person."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="doubts")
    note = models.CharField(max_length=NOTE_MAX)
    at = models.DateTimeField()
    actor = models.CharField(max_length=40)
    settled_at = models.DateTimeField(null=True, db_index=True)
    settled_by = models.CharField(max_length=40, blank=True)


class Gap(models.Model):
    """What was looked for and not found, counted by month: the search words without numbers. No person, day or place."""

    words = models.CharField(max_length=GAP_MAX)
    month = models.CharField(max_length=7)
    count = models.PositiveIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["words", "month"], name="knowledge_gap_once")]
        indexes = [models.Index(fields=["settled_at", "month"], name="knowledge_gap_open")]


class Revision(models.Model):
    """One row (id 1). `number` grows with every change that search sees; `value` is random, so that no two are alike."""

    number = models.PositiveBigIntegerField(default=0)
    value = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="knowledge_one_revision", condition=Q(id=1))]
