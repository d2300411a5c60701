"""The ground (网格与界线): grids designed and put in force, three nets merged into one, borders that move.

What is in force lies in `territory`; here are the drafts, the decisions and the dates. Matters follow by one bulk action
(`flow.rezone`): `grid_at_intake` stays, `area` moves.

Also here: hooks (what other rooms hold of a division, asked before its border moves and told afterwards). Of borders:
mapping (lines into codes and shapes), operations (whole operations as lines), areas (where matters belong afterwards). Of
the designer: norms (the numbers a design starts from), recoding (codes of a grid designed anew), problems (what the engine
refuses, in sentences), design_forms and design_files. Of the nets: merging (nets over the base grid), matters (rows of the
catalogue), matter_imports (the catalogue as a table), net_forms and net_files.
"""
