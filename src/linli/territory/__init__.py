"""Where: divisions with 6 to 15 digits, the base grid, place search, background tiles. Not who lives or works there.

Also here: pack, readings, assemble, rows (from a pack's files to tables); partition, squares, geometry, coverage,
boundaries (what a layer must be); polygons, geopackage, package_writing (files of polygons in and out, for every room);
layers, standing (a whole layer as a value: the live one, and what another room wants to put in its place); places,
search, tiles, snapshot, store (what is asked often, kept per process).
"""
