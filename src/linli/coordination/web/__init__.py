"""Pages of coordination."""
