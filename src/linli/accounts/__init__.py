"""People of the staff, the posts they hold, the tokens of their programs, and the record of administration."""
