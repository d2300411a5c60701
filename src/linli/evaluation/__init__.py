"""Comprehensive evaluation (综合评价): statistics with their sources, indices over them, and the yearly book.

Owns units and their names, series and observations, frameworks, expert questionnaires, results, books. Units are
provinces, districts, subdistricts: never persons. Figures of the platform itself feed the district index alone.
Also here: documents (frameworks, scenarios and panels as JSON and back), problems (what the engine refuses, in
Chinese), charts (figures as SVG), sources (bytes of a statistics file to cells), framework_imports (the table that exchange
takes in), trees (what is wrong with a framework's tree, two editions side by side), opinions (points and comparisons of
experts as numbers), formulas (an indicator as a sum of series), pruning (a scenario fitted to what has data), studies (the
replicates of a result and what is kept of them), framework_forms, expert_forms and run_forms (text to typed values). data_forms (what its data pages are told) and
exports (statistics out).
"""
