"""The version of this checkout: one place, compared with pyproject.toml by a test."""

VERSION = "0.1.0"
