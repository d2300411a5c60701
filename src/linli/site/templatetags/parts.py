"""The parts that every page is made of, as template tags. Builtin: templates need no `{% load %}`.

Words and shapes only; what a person may do is decided by the pages.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core import clock
from linli.site import icons
from linli.site import urgency as urgencies

register = template.Library()


@register.simple_tag
def icon(name: str, cls: str = "") -> SafeString:
    """`{% icon "search" %}`: decorative; the word beside it does the telling. `cls` is written by templates only."""
    return mark_safe(icons.svg(name, cls))


@register.simple_tag
def urgency(matter: Any, form: str = "tag") -> SafeString:
    """`{% urgency matter %}`: shape + words + colour.

    form: tag (pill), text (no pill), mark (shape, word hidden), words (no shape: one stands elsewhere in the row).
    """
    get = matter.get if isinstance(matter, dict) else lambda name: getattr(matter, name, None)
    kind = urgencies.of(matter)
    drawing = icon(kind)
    if form == "mark":
        return format_html('{}<span class="vh">{}</span>', drawing, urgencies.WORDS[kind])
    words = urgencies.sentence(get("due_at"), get("closed_at"))
    if form == "words":
        drawing = mark_safe("")
    return format_html('<span class="{} {}">{}{}</span>', "tag" if form == "tag" else "mark", kind, drawing, words)


@register.filter
def urgency_kind(matter: Any) -> str:
    """late | soon | ok | done, for a class name or a data attribute."""
    return urgencies.of(matter)


def when_text(moment: datetime | date | None) -> str:
    """今天 10:32, 昨天 16:20, 11-20 16:20, 2025-11-20 16:20; a day alone: 今天, 11-20."""
    if moment is None:
        return ""
    if isinstance(moment, datetime):
        here = clock.local(moment)
        day, clock_part = here.date(), f" {here:%H:%M}"
    else:
        day, clock_part = moment, ""
    names = {0: _("今天"), -1: _("昨天"), 1: _("明天")}
    today = clock.today()
    name = names.get((day - today).days) or (f"{day:%m-%d}" if day.year == today.year else f"{day:%Y-%m-%d}")
    return f"{name}{clock_part}"


@register.filter
def when(moment: datetime | date | None) -> SafeString | str:
    """`{{ dt|when }}`: a <time> element whose title is the full moment."""
    if not moment:
        return ""
    full = f"{clock.local(moment):%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else f"{moment:%Y-%m-%d}"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), full, when_text(moment))


register.filter("when_text", when_text)


@register.filter
def ago(moment: datetime | None) -> str:
    """`{{ dt|ago }}`: 刚刚, 40 秒前, 8 分钟前, 3 小时前, 2 天前; further back the day itself."""
    if moment is None:
        return ""
    gone: timedelta = clock.now() - moment
    s = int(gone.total_seconds())
    if s < 2:
        return _("刚刚")
    if s < 60:
        return _("%(n)d 秒前") % {"n": s}
    if s < 3600:
        return _("%(n)d 分钟前") % {"n": s // 60}
    if s < 86400:
        return _("%(n)d 小时前") % {"n": s // 3600}
    return _("%(n)d 天前") % {"n": s // 86400} if s < 30 * 86400 else when_text(moment)


@register.filter
def span(seconds: float | timedelta | None) -> str:
    """`{{ elapsed_s|span }}`: 1 天 15 小时."""
    if seconds is None:
        return ""
    return urgencies.span(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)


@register.filter
def number(value: Any) -> str:
    """12,345 and 93.2; nothing becomes a dash."""
    if value is None or value == "":
        return "—"
    if isinstance(value, float | Decimal):
        return f"{value:,.1f}"
    return f"{int(value):,}"


@register.simple_tag
def mini_bar(late: int, soon: int, ok: int, most: int) -> SafeString:
    """`{% mini_bar 6 2 26 max %}`: one stacked bar, as long as its sum against `most`. The numbers stand beside it."""
    width, x, parts = 74.0, 0.0, []
    for cls, n in (("late", late), ("soon", soon), ("ok", ok)):
        w = width * (n or 0) / most if most else 0
        if w:
            parts.append((cls, f"{x:.1f}", f"{max(w, 1.0):.1f}"))
            x += max(w, 1.0)
    rects = format_html_join("", '<rect class="{}" x="{}" width="{}" height="10"/>', parts)
    return format_html(
        '<svg class="bars" viewBox="0 0 74 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>', rects
    )


PROVENANCE = {
    "provisional": (gettext_lazy("暂定"), gettext_lazy("正式数据公布后会更新")),
    "approximate": (gettext_lazy("近似"), gettext_lazy("界线由公开资料推算，不是官方界线")),
    "demonstration": (gettext_lazy("演示数据"), gettext_lazy("模拟生成，不是真实事项")),
    "simulated": (gettext_lazy("演示数据"), gettext_lazy("模拟生成，不是真实事项")),
    "sourced": (gettext_lazy("有出处"), gettext_lazy("出处写在旁边，可以核对")),
    "official": (gettext_lazy("官方公布"), gettext_lazy("来自公开发布的官方资料")),
}


@register.simple_tag
def provenance(kind: str) -> SafeString:
    """`{% provenance "provisional" %}`: a dashed tag that says how far a datum can be trusted."""
    word, why = PROVENANCE[kind]
    return format_html('<span class="tag dashed" title="{}">{}</span>', why, word)


NOTICE_ICON = {"info": "info", "warn": "warn", "bad": "warn", "good": "done-circle"}


@register.simple_block_tag
def notice(content: str, kind: str = "info", role: str = "") -> SafeString:
    """`{% notice "warn" %}…{% endnotice %}`: kinds info, warn, bad, good; role="status" where it appears by itself."""
    attribute = format_html(' role="{}"', role) if role else ""
    return format_html(
        '<div class="notice {}"{}>{}<div>{}</div></div>', kind, attribute, icon(NOTICE_ICON[kind]), content
    )


@register.inclusion_tag("site/parts/empty.html")
def empty(title: str, text: str = "", name: str = "inbox", url: str = "", action: str = "") -> dict[str, Any]:
    """`{% empty _("没有超期的事项") _("新事项会自动出现。") %}`; with url and action a button follows."""
    return {"title": title, "text": text, "name": name, "url": url, "action": action}


def sentences(bound: BoundField) -> list[str]:
    """What is wrong with a field, in sentences that name it: Django's own 这个字段是必填项 does not say which."""
    plain = forms.Field.default_error_messages["required"]
    result = []
    for error in bound.form.errors.as_data().get(bound.name, []):
        if error.code == "required" and error.message == plain:
            tick = isinstance(bound.field.widget, forms.CheckboxInput)
            result.append((_("请勾选“%(label)s”。") if tick else _("请填写“%(label)s”。")) % {"label": bound.label})
        elif error.code == "invalid_choice":
            result.append(_("请重新选择“%(label)s”。") % {"label": bound.label})
        else:
            result += [str(m) for m in error.messages]
    return result


@register.inclusion_tag("site/parts/field.html")
def field(bound: BoundField, optional: bool = True, cls: str = "") -> dict[str, Any]:
    """`{% field form.name %}`: label, hint, error and widget, wired by aria-describedby and aria-invalid."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    group = kind in {"radio", "checkbox"} and bool(getattr(widget, "choices", None))
    attrs: dict[str, Any] = {}
    described = [f"{bound.auto_id}_hint"] if bound.help_text else []
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
        attrs["aria-invalid"] = "true"
    if described:
        attrs["aria-describedby"] = " ".join(described)
    single = kind == "checkbox" and not group
    if not group and not single:
        own = widget.attrs.get("class", "")
        attrs["class"] = f"input {own}".strip()
    if group:
        attrs = {}
    return {
        "bound": bound,
        "sentences": sentences(bound) if bound.errors else [],
        "widget": bound.as_widget(attrs=attrs),
        "group": group,
        "single": single,
        "described": " ".join(described),
        "optional": optional and not bound.field.required and not single,
        "cls": cls,
    }


@register.inclusion_tag("site/parts/error_summary.html")
def error_summary(*forms: Any) -> dict[str, Any]:
    """`{% error_summary form %}`: what is missing, each line a link to its field; focused by shell.js."""
    lines: list[tuple[str, str]] = []
    for form in forms:
        if not form or not getattr(form, "errors", None):
            continue
        lines += [("", str(error)) for error in form.non_field_errors()]
        for name in form.fields:  # in the order of the page, not of the checks
            if name in form.errors:
                lines += [(_target(form[name]), sentence) for sentence in sentences(form[name])]
    return {"lines": lines, "count": len(lines)}


def _target(bound: BoundField) -> str:
    """The id of the element a link can focus: of a group, its first choice."""
    if getattr(bound.field.widget, "input_type", "") in {"radio", "checkbox"} and getattr(bound.field, "choices", None):
        return f"{bound.auto_id}_0"
    return str(bound.id_for_label or bound.auto_id)


@register.inclusion_tag("site/parts/pager.html")
def pager(page: Any) -> dict[str, Any]:
    """`{% pager page %}`: keyset pages know next_url and prev_url, and may know `say` (a sentence)."""
    return {"page": page}


@register.inclusion_tag("site/parts/language.html", takes_context=True)
def language_switch(context: dict[str, Any]) -> dict[str, Any]:
    """A one-button form: works without JavaScript and comes back to this page."""
    return {"shell": context.get("shell")}


@register.inclusion_tag("site/parts/map_head.html")
def map_head() -> dict[str, Any]:
    """`{% map_head %}` in block head of a page with a map: its style sheet, in the vendor layer, and the preloads."""
    return {}


@register.simple_tag
def attribution() -> str:
    """The line every map carries."""
    return _("© OpenStreetMap 贡献者（ODbL）· 社区界线为近似")


@register.simple_tag
def map_data(tiles: str, title: str = "", **more: Any) -> SafeString:
    """`<div class="canvas" id="map" {% map_data tiles_url _("案件地图") bounds="w,s,e,n" %}>`: what map.js reads.

    `tiles` is the address with {z}/{x}/{y}; further names become data attributes (center, zoom, bounds, tile_bounds).
    """
    attributes: dict[str, Any] = {
        "tiles": tiles,
        "title": title or _("地图，可用方向键移动，加减键缩放"),
        "attribution": attribution(),
        "attribution-toggle": _("显示或收起地图来源"),
        "zoom-in": _("放大"),
        "zoom-out": _("缩小"),
        "close": _("关闭"),
        "failed": _("这台设备画不出地图。旁边的列表有同样的内容。"),
        "gesture-windows": _("按住 Ctrl 再滚动可缩放地图"),
        "gesture-mac": _("按住 ⌘ 再滚动可缩放地图"),
        "gesture-mobile": _("用两个手指移动地图"),
        **{k.replace("_", "-"): v for k, v in more.items()},
    }
    return format_html_join(" ", 'data-{}="{}"', attributes.items())
