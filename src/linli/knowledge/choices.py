"""Tokens and labels of articles. Nothing is decided here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

CODE_MAX = 32  # characters, as all below
QUESTION_MAX = 80
ANSWER_MAX = 8_000
SPOKEN_MAX = 300
KEYWORDS_MAX = 400
SOURCE_MAX = 200
URL_MAX = 400
NOTE_MAX = 200
GAP_MAX = 30


class State(models.TextChoices):
    """Of one version. A version that was given as an answer is never changed again."""

    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("在用")
    REPLACED = "replaced", _("已被新版代替")
    RETIRED = "retired", _("已停用")


class Audience(models.TextChoices):
    EVERYONE = "everyone", _("居民和工作人员")
    STAFF = "staff", _("仅工作人员")


class Provenance(models.TextChoices):
    SOURCED = "sourced", _("有出处")
    PROVISIONAL = "provisional", _("暂定")


class UseKind(models.TextChoices):
    """What is counted of a version, by month and without persons."""

    ANSWER = "answer", _("用于答复")
    READ = "read", _("居民阅读")
    HELPED = "helped", _("有帮助")
    NOT_HELPED = "not_helped", _("没有帮助")
