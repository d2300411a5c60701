"""Reads of the evaluation."""
