"""The working calendar, limits with units, due times. Not the clocks of a case: those belong to its own room.

Also here: shipped (the published table), table (uploads), hooks (who recomputes), explain (the arithmetic), yearview (a year as a page shows it).
"""
