"""Pages and public JSON of the territory: no personal data, nothing written except through actions."""
