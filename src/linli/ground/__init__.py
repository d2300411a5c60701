"""The ground (网格与界线): grids designed and put in force, three nets merged into one, borders that move.

What is in force lies in `territory`; here are the drafts, the decisions and the dates. Matters follow by one bulk action
(`flow.rezone`): `grid_at_intake` stays, `area` moves. Also here: hooks (what other rooms hold of a division, asked before
its border moves and told afterwards).
"""
