"""The working calendar, limits with units, due times. Not the clocks of a case: those belong to its own room.

Also here: clocks (pauses and extensions of a due time), many (due times of thousands at once, numpy), local (divisions with hours and days of
their own), shipped (the
published table), table (uploads), hooks (who recomputes), explain (the arithmetic), yearview (a year as a page shows it).
"""
