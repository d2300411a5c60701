"""Pages of the command centres."""
