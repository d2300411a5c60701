"""Composite indices: panel, tree and scenario in, scores with everything that explains them out. Method: docs/methods/composite.md.

What lives here: the arithmetic, from imputation to sensitivity. What does not: where a cell came from, who may see it.
"""
