"""The residents' pages: report in three steps, follow by number and code, what is public, what is kept."""
