"""STUB."""

import logging


class JsonFormatter(logging.Formatter): ...
