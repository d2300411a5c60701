"""Reads of coordination, by what they serve."""
