"""Where: divisions with 6 to 15 digits, the base grid, place search, background tiles. Not who lives or works there."""
