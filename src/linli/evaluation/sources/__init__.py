"""Bytes of a statistics file to cells: the national site's exports, yearbook tables, plain tables, SDMX-CSV.

Nothing is dropped: what is not taken is refused with its row, or listed as an unknown name. grids opens files, headings
says what a heading means, values what a cell says, tables puts them together, settle brings units and calibres in order.
"""

from .reading import read_file
from .said import Found, How, Note, Reading, Vocabulary

__all__ = ["Found", "How", "Note", "Reading", "Vocabulary", "read_file"]
