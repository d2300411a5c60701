"""Accounts, the posts they hold, tokens, and the append-only record of administration. Private to this room."""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import In

from .choices import PostKind


class AccountManager(BaseUserManager["Account"]):
    """Only `actions` creates accounts; this manager serves Django's own look-ups."""


class Account(AbstractBaseUser):
    """A person of the staff. What they may do comes from posts, never from the account itself."""

    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=64)
    is_active = models.BooleanField(default=True)
    is_demonstration = models.BooleanField(default=False)  # may enter only while settings.DEMONSTRATION is on
    is_simulated = models.BooleanField(default=False)  # acts in simulated matters only; has no password
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["display_name"]
    objects = AccountManager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="account_named", condition=~Q(username="") & ~Q(display_name="")),
            models.CheckConstraint(
                name="account_simulated_is_demonstration", condition=Q(is_simulated=False) | Q(is_demonstration=True)
            ),
        ]
        indexes = [models.Index(fields=["is_simulated", "id"], name="account_simulated_id")]


class PostHeld(models.Model):
    """A post from `valid_from` until `valid_to`; ended, never deleted, so that history can be explained."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="posts")
    kind = models.CharField(max_length=24, choices=PostKind.choices)
    division = models.CharField(max_length=12)
    body = models.ForeignKey("organisations.Body", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="post_kind_known", condition=Q(kind__in=PostKind.values)),
            models.CheckConstraint(name="post_division_6_9_12", condition=In(Length("division"), [6, 9, 12])),
            models.CheckConstraint(
                name="post_ends_after_start", condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from"))
            ),
            # NULL bodies are distinct to a UNIQUE index on both databases: one constraint for each case
            models.UniqueConstraint(
                name="post_once_with_body",
                fields=["account", "kind", "division", "body"],
                condition=Q(valid_to__isnull=True, body__isnull=False),
            ),
            models.UniqueConstraint(
                name="post_once_without_body",
                fields=["account", "kind", "division"],
                condition=Q(valid_to__isnull=True, body__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["kind", "division"], name="post_kind_division")]


class Token(models.Model):
    """A program's key to /api/. Only the SHA-256 of the secret is kept; `scopes` names post kinds, by commas."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=64)
    hint = models.CharField(max_length=12)  # the first characters, to tell one from another
    hash = models.CharField(max_length=64, unique=True)
    scopes = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="token_expires_after_start", condition=Q(expires_at__gt=F("created_at"))),
            models.CheckConstraint(name="token_named", condition=~Q(name="") & ~Q(scopes="")),
        ]


class AppendOnly(models.QuerySet[Any]):
    """Rows may be added and read; a change is a bug and says so."""

    def _never(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("the administrative record is append-only")

    update = delete = bulk_update = _never


class Audit(models.Model):
    """One line for each administrative change: who, what, to what. `body` is text without contacts or secrets."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=32)
    verb = models.CharField(max_length=24)
    target = models.CharField(max_length=64, db_index=True)
    body = models.TextField(blank=True)

    objects = AppendOnly.as_manager()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("the administrative record is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("the administrative record is append-only")


class Revision(models.Model):
    """One row (id 1). Every administrative change rewrites it first: the lock that makes such changes queue."""

    value = models.CharField(max_length=32)

    class Meta:
        constraints = [models.CheckConstraint(name="accounts_one_revision", condition=Q(id=1))]
