"""The drawn shapes of the product: 24-unit line icons, and the four marks that say how urgent a matter is.

Only shapes live here. What a mark means is in `urgency.py`; the tag that writes it is in `templatetags/parts.py`.
"""

from __future__ import annotations

# Filled marks, 20 units: triangle with !, square, disc, ring. They follow the text colour of their class (i-late, …).
MARKS = {
    "late": '<path d="M10 1.6 19 18H1z" fill="currentColor"/><path class="hole" d="M9 7.4h2v5.2H9zm0 6.6h2v2H9z" fill="#fff"/>',
    "soon": '<path d="M3 3h14v14H3z" fill="currentColor"/>',
    "ok": '<circle cx="10" cy="10" r="6.5" fill="currentColor"/>',
    "done": '<circle cx="10" cy="10" r="5.6" fill="none" stroke="currentColor" stroke-width="2.6"/>',
}

LINES = {
    "search": '<circle cx="11" cy="11" r="7"/><path d="m20 20-4-4"/>',
    "pin": '<path d="M12 21s7-6.2 7-12a7 7 0 0 0-14 0c0 5.8 7 12 7 12z"/><circle cx="12" cy="9" r="2.5"/>',
    "locate": '<circle cx="12" cy="12" r="3"/><path d="M12 2v4M12 18v4M2 12h4M18 12h4"/><circle cx="12" cy="12" r="7"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 8v.01"/>',
    "warn": '<path d="M12 3.5 22 20.5H2z"/><path d="M12 10v5M12 18v.01"/>',
    "check": '<path d="m4 12.5 5 5L20 6.5"/>',
    "done-circle": '<circle cx="12" cy="12" r="9.5"/><path d="m7.5 12.5 3 3 6-6.5"/>',
    "camera": '<path d="M4 8h3l2-3h6l2 3h3v11H4z"/><circle cx="12" cy="13" r="3.5"/>',
    "photo": '<path d="M4 5h16v14H4z"/><path d="m4 16 5-5 4 4 3-3 4 4"/><circle cx="15.5" cy="9" r="1.2"/>',
    "phone": '<path d="M6 3h4l1.5 5L9 10a12 12 0 0 0 5 5l2-2.5 5 1.5v4a2 2 0 0 1-2.2 2A17 17 0 0 1 4 5.2 2 2 0 0 1 6 3z"/>',
    "arrow": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "back": '<path d="M19 12H5M11 6l-6 6 6 6"/>',
    "chevron": '<path d="m6 9 6 6 6-6"/>',
    "next": '<path d="m9 6 6 6-6 6"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "minus": '<path d="M5 12h14"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4 21a8 8 0 0 1 16 0"/>',
    "users": '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20a6.5 6.5 0 0 1 13 0M16 4.800a3.5 3.5 0 0 1 0 6.400M18 14.500a6.5 6.5 0 0 1 3.5 5.5"/>',
    "building": '<path d="M5 21V4h10v17M15 9h4v12M3 21h18M8 8h4M8 12h4M8 16h4"/>',
    "home": '<path d="m3 11 9-8 9 8v10h-6v-6H9v6H3z"/>',
    "list": '<path d="M8 6h12M8 12h12M8 18h12M4 6v.01M4 12v.01M4 18v.01"/>',
    "map": '<path d="m3 6 6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14"/>',
    "filter": '<path d="M3 5h18l-7 8v6l-4-2v-4z"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
    "calendar": '<path d="M4 6h16v14H4zM4 10h16M8 3v4M16 3v4"/>',
    "lock": '<path d="M5 11h14v10H5z"/><path d="M8 11V7a4 4 0 0 1 8 0v4"/>',
    "eye": '<path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12z"/><circle cx="12" cy="12" r="3"/>',
    "edit": '<path d="m4 20 1-5L16 4l4 4L9 19z"/>',
    "trash": '<path d="M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14"/>',
    "download": '<path d="M12 4v11M7 10.500l5 5 5-5M4 20h16"/>',
    "upload": '<path d="M12 16V5M7 9.500l5-5 5 5M4 20h16"/>',
    "print": '<path d="M7 8V3h10v5M7 17H4V8h16v9h-3M7 14h10v7H7z"/>',
    "link": '<path d="M9.5 14.500l5-5M11 6.500l1.5-1.500a4.2 4.2 0 0 1 6 6L17 12.500M13 17.5 11.5 19a4.2 4.2 0 0 1-6-6L7 11.5"/>',
    "settings": '<circle cx="12" cy="12" r="3"/><path d="M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.600l2.2 2.200M16.2 16.200l2.2 2.200M5.6 18.400l2.2-2.200M16.2 7.800l2.2-2.2"/>',
    "logout": '<path d="M10 4H4v16h6M15 8l4 4-4 4M19 12H9"/>',
    "globe": '<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18"/>',
    "moon": '<path d="M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z"/>',
    "offline": '<path d="M3 3l18 18M5 12a10 10 0 0 1 4-2.400M2 8.500A15 15 0 0 1 6.5 6M11 5a15 15 0 0 1 11 3.500M15.5 10.500A10 10 0 0 1 19 12M8.5 15.500a5 5 0 0 1 5.5-1M12 19v.01"/>',
    "refresh": '<path d="M20 11a8 8 0 0 0-14.5-4L3 9.500M3 4v5.500h5.500M4 13a8 8 0 0 0 14.5 4l2.5-2.500M21 20v-5.500h-5.5"/>',
    "undo": '<path d="M9 7H15a5.5 5.5 0 0 1 0 11H7M9 7 5 11M9 7 5 3"/>',
    "send": '<path d="M21 3 10 14M21 3l-7 18-4-7-7-4z"/>',
    "note": '<path d="M5 3h10l4 4v14H5zM9 9h6M9 13h6M9 17h4"/>',
    "star": '<path d="m12 3 2.8 5.8 6.2.9-4.5 4.4 1 6.300L12 17.4 6.5 20.400l1-6.300L3 9.700l6.2-.9z"/>',
    "inbox": '<path d="M4 4h16l1 10v6H3v-6zM3 14h5l1.5 3h5L16 14h5"/>',
    "wall": '<path d="M3 4h18v12H3zM8 21h8M12 16v5"/>',
    "keyboard": '<path d="M2 6h20v12H2zM6 10v.01M10 10v.01M14 10v.01M18 10v.01M7 14h10"/>',
    "copy": '<path d="M9 9h11v12H9zM5 15H4V3h11v2"/>',
}

_OPEN = '<svg class="icon{cls}" viewBox="{box}" {paint}aria-hidden="true" focusable="false">'
_STROKE = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
LOGO = '<rect width="32" height="32" rx="7" fill="{tile}"/><path d="M7 17 16 8l9 9v8H7z" fill="{house}"/>'


def svg(name: str, cls: str = "") -> str:
    """The inline drawing of `name`, hidden from readers (a word always stands beside it). Raises KeyError."""
    extra = f" {cls}" if cls else ""
    if name in MARKS:
        return _OPEN.format(cls=f" m i-{name}{extra}", box="0 0 20 20", paint="") + MARKS[name] + "</svg>"
    if name == "logo":
        return _OPEN.format(cls=extra, box="0 0 32 32", paint="") + LOGO.format(tile="#0b57a4", house="#fff") + "</svg>"
    if name == "logo-light":
        return _OPEN.format(cls=extra, box="0 0 32 32", paint="") + LOGO.format(tile="#fff", house="#0b57a4") + "</svg>"
    return _OPEN.format(cls=extra, box="0 0 24 24", paint=_STROKE) + LINES[name] + "</svg>"
