"""The reach engine alone, as a notebook: who walks how far in Xicheng, and where one more pharmacy helps most.

Open it in an editor that knows `# %%` cells, or run it: `python docs/examples/reach.py`. Only the engine and the pack
are used: no Django, no database. Method: docs/methods/reach.md.
"""

# %% The walking network of the pack: read, cleaned, its chains contracted
import csv
import json
from pathlib import Path

import numpy as np
import shapely

from linli_engines.reach.building import build
from linli_engines.reach.contraction import contract
from linli_engines.reach.coordinates import metres
from linli_engines.reach.isochrone import reached
from linli_engines.reach.live import LiveReach
from linli_engines.reach.metres import cap_of
from linli_engines.reach.placing import ground_of, place
from linli_engines.reach.reading import read_tables
from linli_engines.reach.siting import cover_all, cover_most, shorten_walks
from linli_engines.reach.solving import reach

PACK = Path(__file__).resolve().parents[2] / "packs" / "xicheng"
built = build(read_tables(PACK / "walk_nodes.parquet", PACK / "walk_edges.parquet"))
graph = contract(built.network)
print(f"{built.report.nodes:,} nodes, {built.report.length_m / 1e3:,.0f} km; {len(graph.node):,} nodes after contraction")
for finding in built.report.findings:
    print(f"  {finding.count:>6,} {finding.of} {finding.reason} ({'kept' if finding.kept else 'dropped'})")

# %% Homes: a point in each named residential area of the district. Facilities: the pack's, by class
areas = json.loads((PACK / "residential.geojson").read_text(encoding="utf-8"))["features"]
areas = [area for area in areas if area["properties"]["district"] == "110102"]
inside = [shapely.geometry.shape(area["geometry"]).representative_point() for area in areas]
home_xy = metres([p.x for p in inside], [p.y for p in inside], built.network.crs)

with (PACK / "facilities.csv").open(encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
classes = ["school", "bank", "supermarket", "pharmacy"]
rows = [row for row in rows if row["category"] in classes]
item = np.array([classes.index(row["category"]) for row in rows], dtype=np.int32)
facility_xy = metres([float(r["lon"]) for r in rows], [float(r["lat"]) for r in rows], built.network.crs)

# %% Onto the nearest edge, not the nearest node; what finds no network is counted, not lost
ground = ground_of(graph)
homes = place(ground, home_xy, longest_m=300.0, tolerance_m=50.0)
facilities = place(ground, facility_xy, longest_m=300.0, tolerance_m=50.0)
print("homes", homes.counts())
print("facilities", facilities.counts())

# %% Fifteen minutes at 80 m a minute. Facilities outside the district count for residents inside it
cap_m = cap_of(15, 80)
answer = reach(graph, homes.places, facilities.places, item, len(classes), cap_m)
on_network = homes.places.arc >= 0
share = {name: float((answer.count[on_network, k] > 0).mean()) for k, name in enumerate(classes)}
for k, name in enumerate(classes):
    near = answer.nearest_m[on_network, k]
    typical = np.median(near[np.isfinite(near)])
    print(f"{name:<12} within {cap_m:,.0f} m of {share[name]:.0%} of homes; of these half within {typical:.0f} m")
# Few pharmacies are drawn on the open map: this measures the data as much as the city.

# %% The streets within the walk of the first home
first = int(np.flatnonzero(on_network)[0])
streets_m = reached(graph, homes.places, first, cap_m).length_m(built.network)
print(f"{streets_m / 1e3:.1f} km of streets within {cap_m:,.0f} m of {areas[first]['properties']['name']}")

# %% Where should the next three pharmacies stand? Any home may be the candidate's place
pharmacy = classes.index("pharmacy")
stands = np.flatnonzero(item == pharmacy)
candidate_xy = np.concatenate((facility_xy[stands], home_xy))
candidate = place(ground, candidate_xy, longest_m=300.0, tolerance_m=50.0).places
each = np.arange(len(candidate_xy), dtype=np.int32)  # every candidate an item of its own: distances to all of them
distance_m = reach(graph, homes.places, candidate, each, len(each), cap_m).nearest_m
fixed = np.arange(len(stands))
most = cover_most(np.isfinite(distance_m), count=3, fixed=fixed)
print(f"3 more reach {len(most.gained)} more homes, {most.objective:.0f} in all; proven: {most.proven}")
everybody = cover_all(np.isfinite(distance_m), fixed=fixed)
print(f"{everybody.objective:.0f} more for everybody; nobody reaches {len(everybody.beyond_all)} homes")
shorter = shorten_walks(distance_m, count=3, fixed=fixed, beyond_m=cap_m, time_limit_s=10)
print(f"shortest walks instead: {shorter.objective / len(home_xy):.0f} m on average, proven: {shorter.proven}")

# %% What if: the first of them opens, and closes again. Each edit searches from that facility alone
live = LiveReach(graph, homes.places, facilities.places, item, len(classes), cap_m)
new = place(ground, candidate_xy[most.chosen[:1]], longest_m=300.0, tolerance_m=50.0).places
edit = live.add(new, pharmacy)
print(f"one pharmacy at {areas[most.chosen[0] - len(stands)]['properties']['name']}: {len(edit.gained)} homes gain")
back = live.remove(edit.facility)
