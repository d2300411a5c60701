"""Linli (邻里): one Django app per room; the ladder of imports is in ARCHITECTURE.md."""
