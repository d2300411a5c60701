"""The service circle: what is offered where, who reaches it on foot, what one more facility would change.

Owns the catalogue of services, facilities and their history, homes, the walking network, surveys, circles as built
things, records of communities, plans. Three matrices (reachable, provided, fulfilled) are never mixed. No persons.
Also here: revision (what caches compare), network (the walking network as a process keeps it), kernels (its engine compiled
beforehand), matrices (community by item, computed), coordinates
(WGS-84, GCJ-02, BD-09), tables (rows of a catalogue and what is wrong with them), importers (tables that exchange takes
in), record_imports (those of circles and records), facility_files (bytes of a list of facilities to raw rows), names (names compared), twins (places
that may be one), import_jobs (long work of imports), facility_forms (text to typed
values: facilities, imports, catalogues), survey_forms (text to typed values: surveys, waves), survey_imports (a filled
workbook of answers), suppression (which groups may show their answers), drawing (a community drawn for paper).
"""
