"""Addresses of accounts: signing in, one's own page, and the settings of the administrator."""

from django.urls import path

from .web import bodies, login, me, people, settings

app_name = "accounts"
urlpatterns = [
    path("login/", login.sign_in, name="login"),
    path("logout/", login.sign_out, name="logout"),
    path("start/", login.landing, name="landing"),
    path("me/", me.me, name="me"),
    path("me/password/", me.password, name="password"),
    path("settings/", settings.settings_home, name="settings"),
    path("settings/accounts/", people.accounts, name="accounts"),
    path("settings/accounts/new/", people.account_new, name="account-new"),
    path("settings/accounts/<int:account_id>/", people.account, name="account"),
    path("settings/accounts/<int:account_id>/name/", people.account_rename, name="account-rename"),
    path("settings/accounts/<int:account_id>/active/", people.account_active, name="account-active"),
    path("settings/accounts/<int:account_id>/password/", people.account_reset, name="account-reset"),
    path("settings/accounts/<int:account_id>/posts/new/", people.post_new, name="post-new"),
    path("settings/accounts/<int:account_id>/posts/<int:post_id>/end/", people.post_end, name="post-end"),
    path("settings/tokens/", settings.tokens, name="tokens"),
    path("settings/tokens/<int:token_id>/revoke/", settings.token_revoke, name="token-revoke"),
    path("settings/bodies/", bodies.bodies, name="bodies"),
    path("settings/bodies/new/", bodies.body_new, name="body-new"),
    path("settings/bodies/load/", bodies.bodies_load, name="bodies-load"),
    path("settings/bodies/<int:body_id>/", bodies.body, name="body"),
    path("settings/limits/", settings.limits_page, name="limits"),
    path("settings/audit/", settings.audit, name="audit"),
]
