"""The only writers of the knowledge base: keeping articles, telling that one is wrong, counting use, loading tables."""

from .count import count_use
from .gaps import note_gap, settle_gap
from .keep import create_article, publish, retire, review, save_draft
from .load import LoadReport, bring_articles, load_articles, load_categories, load_pack, take_back_articles
from .wrong import report_wrong, settle

__all__ = [
    "LoadReport",
    "bring_articles",
    "count_use",
    "create_article",
    "load_articles",
    "load_categories",
    "load_pack",
    "note_gap",
    "publish",
    "report_wrong",
    "retire",
    "review",
    "save_draft",
    "settle",
    "settle_gap",
    "take_back_articles",
]
