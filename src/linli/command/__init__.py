"""What a command centre looks at: one page for the district and one for each subdistrict. Compositions only, no tables.

Also here: chart (the geometry of the small drawing of arrivals by the hour), boards (the registry of what a wall can show),
walls (what a wall is told at each refresh), supervision (what was pressed, by whom, how long ago), together (who
acts together in a division now);
and of the past: playback (a day as short arrays), comparison (two periods side by side), brief (the one-page sheet), drawings
(figures as SVG).
"""
