"""People of the staff, the posts they hold, the tokens of their programs, and the record of administration.

Also here: middleware (who is asking), hashers (Argon2's cost), sessions (under the hash of their key),
places (names of divisions), settings_menu.
"""
