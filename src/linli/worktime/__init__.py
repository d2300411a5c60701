"""The working calendar, limits with units, due times. Not the clocks of a case: those belong to its own room."""
