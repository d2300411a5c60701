"""Walking reach over a street network: who gets where on foot, what one more facility changes, where the next should stand.

numpy, numba and scipy in, arrays out; nothing of Linli, no database. The method in words: docs/methods/reach.md.
The doors are `reading` and `building` (a network), `contraction.contract` (its graph), `placing.place` (points on it),
`solving` (who reaches what), `live.LiveReach` (edits), `isochrone` (pictures), `siting` (the next facility).
"""

from linli_engines.reach.compiled import forget_outdated

forget_outdated()
