"""One inbox over every flow: today, due soon, overdue. Compositions only, no tables.

Also here: registry (which flows there are, and how a matter of each becomes a row; filled by config/wiring.py),
cases, summons, topics and ground (how a case, a summons, a consultation, a topic, a change of the ground becomes one).
"""
