"""The only writers of the ground, by what they serve."""
