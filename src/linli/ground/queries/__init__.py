"""Reads of the ground, by what they serve."""
