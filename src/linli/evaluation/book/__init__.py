"""The yearly book: chapters as values (blocks), and the three ways they become a file: HTML, PDF, DOCX."""

from __future__ import annotations

from .blocks import Chapter
from .chapters import chapters
from .edition import Edition

__all__ = ["Chapter", "Edition", "chapters"]
