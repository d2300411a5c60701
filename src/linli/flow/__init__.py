"""Matters of any kind: their moves, their journal, what others hear of them. Knows no kind by name."""
