"""Bodies: offices, departments, enterprises, committees and teams that answer for matters. People are in accounts."""
