"""Walking reach over a street network: who gets where on foot, what one more facility changes, where the next should stand.

numpy, numba and scipy in, arrays out; nothing of Linli, no database. The method in words: docs/methods/reach.md.
"""
