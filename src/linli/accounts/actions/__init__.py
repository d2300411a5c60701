"""The only writers of accounts, posts and tokens. Every change leaves one line in the administrative record."""

from .bodies import create_body, load_bodies, merge_bodies, move_bodies, put_bodies_back, rename_body
from .people import (
    change_password,
    create_account,
    forget_login_attempts,
    rename_account,
    reset_password,
    set_active,
    set_demonstration_password,
    temporary_password,
)
from .posts import end_post, give_post, move_posts, put_posts_back
from .record import Secret, record
from .staff import NewPerson, create_staff
from .tokens import create_token, revoke_token

__all__ = [
    "NewPerson",
    "Secret",
    "change_password",
    "create_account",
    "create_body",
    "create_staff",
    "create_token",
    "end_post",
    "forget_login_attempts",
    "give_post",
    "load_bodies",
    "merge_bodies",
    "move_bodies",
    "move_posts",
    "put_bodies_back",
    "put_posts_back",
    "record",
    "rename_account",
    "rename_body",
    "reset_password",
    "revoke_token",
    "set_active",
    "set_demonstration_password",
    "temporary_password",
]
