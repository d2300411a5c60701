"""Compiled code that is older than any compiled source of this engine is thrown away.

numba keeps compiled functions beside their file and compares them with that file alone; what they call may have changed.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def forget_outdated(folder: Path = HERE) -> int:
    """Remove numba's indexes (*.nbi) in a folder and below that are older than its newest source with compiled code.

    Returns how many. Where the folder may not be written numba keeps nothing in it, and there is nothing to remove.
    """
    compiled = (file for file in folder.rglob("*.py") if b"njit" in file.read_bytes())
    newest = max((file.stat().st_mtime for file in compiled), default=0.0)
    gone = 0
    for index in folder.rglob("__pycache__/*.nbi"):
        try:
            if index.stat().st_mtime < newest:
                index.unlink()
                gone += 1
        except OSError:  # another process was first, or this one may not write here
            continue
    return gone
