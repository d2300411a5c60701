"""Tables in and out: read with refusals, write without formulas, preview, confirm, undo. What a table means is its room's.

Also here: columns (what a table holds, cell by cell), reading (bytes to rows), packed (what a workbook may be before
it is opened), writing (rows to XLSX and CSV), plan (what a table would change) and importers (the protocol by which
a room offers a table; the pages of preview and undo come with it).
"""
