"""The only writers of coordination, by what they serve."""
