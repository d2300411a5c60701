"""Where: divisions with 6 to 15 digits, the base grid, place search, background tiles. Not who lives or works there.

Also here: pack, readings, assemble, rows (from a pack's files to tables); partition, squares, geometry, coverage,
boundaries (what a layer must be); places, search, tiles, snapshot, store (what is asked often, kept per process).
"""
