"""What every room speaks: errors, actor, decision, clock, canonical text. No tables, no I/O; a closed list."""
