"""Where the next facilities should stand: the most people covered, everybody covered, the shortest walks.

`cover_most` (maximal covering), `cover_all` (set covering), `shorten_walks` (p-median), all proven by HiGHS or with
the bound that was reached. Method and literature: docs/methods/reach.md.
"""

from __future__ import annotations

from linli_engines.reach.siting.plan import Siting
from linli_engines.reach.siting.questions import cover_all, cover_most, shorten_walks

__all__ = ["Siting", "cover_all", "cover_most", "shorten_walks"]
