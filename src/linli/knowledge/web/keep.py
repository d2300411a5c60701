"""Writing: a new article, a draft, and the posts that publish, retire and review."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid, Refusal
from linli.site.refusals import onto_form

from .. import actions, permissions, queries
from ..actions.keep import next_review
from ..forms import ArticleForm, NewArticleForm, ReviewForm
from . import read


def seen(request: HttpRequest) -> int:
    """The `seq` of the article as the person saw it. Raises Invalid."""
    text = request.POST.get("seq", "")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Invalid("bad_seq", _("页面缺少版本号，请刷新后再试。"))
    return int(text)


def own_bodies(actor: Actor) -> list[int] | None:
    """The bodies whose articles this person keeps; None for all."""
    if permissions.can_import(actor):
        return None
    return sorted(actor.bodies({"handler"}))


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.KEEP_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    bodies = own_bodies(request.actor)
    if request.method != "POST":
        start = {"review_on": next_review(), "question": request.GET.get("question", "")[:80]}
        return _form(request, NewArticleForm(bodies=bodies, initial=start), None)
    form = NewArticleForm(request.POST, bodies=bodies)
    if form.is_valid():
        try:
            code = actions.create_article(
                actor=request.actor, content=form.content(), owner_body=form.owner(),
                code=form.cleaned_data["code"], review_on=form.cleaned_data["review_on"],
            )  # fmt: skip
        except Refusal as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("草稿已保存，核对后发布。"))
            return redirect("knowledge:article", article=code)
    return _form(request, form, None, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.KEEP_KINDS)
def edit(request: ActorRequest, article: str) -> HttpResponse:
    """The draft, or a new one that begins as the newest version."""
    history = queries.versions(actor=request.actor, code=article)
    newest = history[0]
    permissions.can_keep(request.actor, newest.owner_body).or_forbidden()
    bodies = own_bodies(request.actor)
    if request.method != "POST":
        start = {f: getattr(newest, f) for f in ArticleForm.base_fields}
        if newest.review_on <= clock.today():
            start["review_on"] = next_review()
        return _form(request, ArticleForm(bodies=bodies, initial=start), newest)
    form = ArticleForm(request.POST, bodies=bodies)
    number = seen(request)
    if form.is_valid():
        try:
            actions.save_draft(
                actor=request.actor, code=article, seq=number, content=form.content(), owner_body=form.owner(),
                review_on=form.cleaned_data["review_on"],
            )  # fmt: skip
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("草稿已保存，核对后发布。"))
            return redirect("knowledge:article", article=article)
    return _form(request, form, newest, status=422)


def _form(request: HttpRequest, form: forms.Form, newest: Any, status: int = 200) -> HttpResponse:
    return render(request, "knowledge/edit.html", {"form": form, "article": newest}, status=status)


@require_POST
@require(*permissions.KEEP_KINDS)
def publish(request: ActorRequest, article: str) -> HttpResponse:
    actions.publish(actor=request.actor, code=article, seq=seen(request))
    messages.success(request, _("已发布，马上可以搜到。"))
    return redirect("knowledge:article", article=article)


@require_POST
@require(*permissions.KEEP_KINDS)
def retire(request: ActorRequest, article: str) -> HttpResponse:
    actions.retire(actor=request.actor, code=article, seq=seen(request))
    messages.success(request, _("已停用。以前用过的版本还能查到。"))
    return redirect("knowledge:article", article=article)


@require_POST
@require(*permissions.KEEP_KINDS)
def review(request: ActorRequest, article: str) -> HttpResponse:
    form = ReviewForm(request.POST)
    number = seen(request)
    if form.is_valid():
        try:
            actions.review(actor=request.actor, code=article, seq=number, review_on=form.cleaned_data["review_on"])
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已复核。"))
            return redirect("knowledge:article", article=article)
    return read.page(request, article, status=422, review=form)
