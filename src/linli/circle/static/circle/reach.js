// Walking reach in the browser: the server's contracted network, one bounded search from all facilities of an item.
//
// const ground = Ground.read(buffer)             what /circle/ground/<digest>.bin holds (queries/packed.py writes it)
// const foot = ground.place(lon, lat)            {edge, arc, from, snap, lon, lat, x, y} or null beyond the snap distance
// ground.nearest(feet, capM)                     Float32Array: metres of each home to the nearest foot, Infinity beyond
// Undirected costs in metres; the way to the network is walked at both ends; on one arc the direct way counts too.
// The numbers are those of the server to a centimetre; what is saved and exported is always the server's answer.

const CELL = 60; // metres of a cell of the grid over edges

export class Ground {
  static read(buffer) {
    const view = new DataView(buffer), length = view.getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    let at = Math.ceil((4 + length) / 8) * 8;
    const made = { about: head };
    for (const [name, type, count] of head.arrays) {
      const Kind = { i4: Int32Array, f4: Float32Array, i2: Int16Array }[type];
      made[name] = new Kind(buffer, at, count);
      at = Math.ceil((at + made[name].byteLength) / 8) * 8;
    }
    return new Ground(made);
  }

  constructor(made) {
    Object.assign(this, made); // start head cost | arcA arcB arcLen | x0 y0 x1 y1 edgeArc from0 from1 edgeMain | homeArc homeFrom homeSnap homeX homeY homeCommunity homeWeight
    this.nodes = this.start.length - 1;
    this.dist = new Float32Array(this.nodes);
    this.touched = new Int32Array(this.nodes);
    this.homes = this.homeArc.length;
    this.onArc = new Map();
  }

  xy(lon, lat) {
    const { lon0, lat0, x, y } = this.about, u = lon - lon0, v = lat - lat0, sum = (q) => q[0] * u + q[1] * v + q[2] * u * u + q[3] * u * v + q[4] * v * v;
    return [sum(x), sum(y)];
  }

  // The way back: three steps of Newton from the linear part, well below a millimetre in a district.
  lonLat(px, py) {
    const { lon0, lat0, x, y } = this.about, d = x[0] * y[1] - x[1] * y[0];
    let lon = lon0, lat = lat0;
    for (let i = 0; i < 3; i++) {
      const [qx, qy] = this.xy(lon, lat), rx = px - qx, ry = py - qy;
      lon += (y[1] * rx - x[1] * ry) / d;
      lat += (x[0] * ry - y[0] * rx) / d;
    }
    return [lon, lat];
  }

  grid() {
    if (this._grid) return this._grid;
    const cells = new Map(), key = (i, j) => i * 100003 + j;
    for (let e = 0; e < this.x0.length; e++) {
      const i0 = Math.floor(Math.min(this.x0[e], this.x1[e]) / CELL), i1 = Math.floor(Math.max(this.x0[e], this.x1[e]) / CELL);
      const j0 = Math.floor(Math.min(this.y0[e], this.y1[e]) / CELL), j1 = Math.floor(Math.max(this.y0[e], this.y1[e]) / CELL);
      for (let i = i0; i <= i1; i++) for (let j = j0; j <= j1; j++) {
        const k = key(i, j), list = cells.get(k);
        if (list) list.push(e); else cells.set(k, [e]);
      }
    }
    this._grid = { cells, key };
    return this._grid;
  }

  // The foot point on the nearest edge within the snap distance, an edge of the main network preferred within the
  // tolerance; rings of cells outwards until nothing nearer can come.
  place(lon, lat, most = this.about.snapM) {
    const [x, y] = this.xy(lon, lat), { cells, key } = this.grid();
    const ci = Math.floor(x / CELL), cj = Math.floor(y / CELL), rings = Math.ceil(most / CELL) + 1;
    let any = Infinity, anyEdge = -1, anyPart = 0, best = Infinity, edge = -1, part = 0; // any network; the main one
    for (let r = 0; r <= rings && (r - 1) * CELL <= Math.min(most, best, any + this.about.toleranceM); r++) {
      for (let i = ci - r; i <= ci + r; i++) for (let j = cj - r; j <= cj + r; j++) {
        if (Math.max(Math.abs(i - ci), Math.abs(j - cj)) !== r) continue;
        for (const e of cells.get(key(i, j)) ?? []) {
          const dx = this.x1[e] - this.x0[e], dy = this.y1[e] - this.y0[e], d2 = dx * dx + dy * dy;
          const t = d2 > 0 ? Math.min(1, Math.max(0, ((x - this.x0[e]) * dx + (y - this.y0[e]) * dy) / d2)) : 0;
          const off = Math.hypot(x - this.x0[e] - t * dx, y - this.y0[e] - t * dy);
          if (off > most) continue;
          if (off < any) { any = off; anyEdge = e; anyPart = t; }
          if (this.edgeMain[e] && off < best) { best = off; edge = e; part = t; }
        }
      }
    }
    if (edge < 0 || best > any + this.about.toleranceM) [best, edge, part] = [any, anyEdge, anyPart];
    if (edge < 0) return null;
    const [fx, fy] = [this.x0[edge] + part * (this.x1[edge] - this.x0[edge]), this.y0[edge] + part * (this.y1[edge] - this.y0[edge])];
    const [flon, flat] = this.lonLat(fx, fy);
    return { edge, arc: this.edgeArc[edge], from: this.from0[edge] + part * (this.from1[edge] - this.from0[edge]), snap: best, lon: flon, lat: flat, x, y };
  }

  // Dial: buckets of one metre, labels that are late are skipped; leaves this.dist filled for what it touched.
  spread(feet, cap) {
    const { dist, start, head, cost, arcA, arcB, arcLen } = this;
    dist.fill(Infinity);
    const buckets = Array.from({ length: Math.floor(cap) + 1 }, () => null);
    const label = (v, d) => {
      if (d > cap || d >= dist[v]) return;
      dist[v] = d;
      const b = Math.floor(dist[v]);
      (buckets[b] ??= []).push(v, dist[v]);
    };
    for (const f of feet) {
      label(arcA[f.arc], f.snap + f.from);
      label(arcB[f.arc], f.snap + arcLen[f.arc] - f.from);
    }
    for (let b = 0; b < buckets.length; b++) {
      const bucket = buckets[b];
      if (!bucket) continue;
      for (let q = 0; q < bucket.length; q += 2) {
        const v = bucket[q];
        if (bucket[q + 1] !== dist[v]) continue;
        for (let k = start[v]; k < start[v + 1]; k++) label(head[k], dist[v] + cost[k]);
      }
    }
  }

  nearest(feet, cap, answer = new Float32Array(this.homes)) {
    this.spread(feet, cap);
    const { dist, arcA, arcB, arcLen, homeArc, homeFrom, homeSnap, homeX, homeY } = this, onArc = this.onArc;
    onArc.clear();
    for (const f of feet) { const list = onArc.get(f.arc); if (list) list.push(f); else onArc.set(f.arc, [f]); }
    for (let h = 0; h < this.homes; h++) {
      const a = homeArc[h];
      if (a < 0) { answer[h] = Infinity; continue; }
      let d = Math.min(dist[arcA[a]] + homeFrom[h], dist[arcB[a]] + arcLen[a] - homeFrom[h]);
      const same = onArc.get(a);
      if (same) for (const f of same) d = Math.min(d, f.snap + Math.abs(f.from - homeFrom[h]));
      d += homeSnap[h];
      if (same) for (const f of same) if (f.x !== undefined && Math.abs(f.x - homeX[h]) < 0.01 && Math.abs(f.y - homeY[h]) < 0.01) d = 0; // at home, not across the street
      answer[h] = d <= cap ? d : Infinity;
    }
    return answer;
  }

  // Share of each community's homes within the cap (by residents where all are known), as the server counts it.
  shares(metres, communities) {
    const { homeCommunity, homeWeight } = this, total = new Float64Array(communities), homes = new Int32Array(communities), known = new Int32Array(communities);
    for (let h = 0; h < this.homes; h++) {
      const c = homeCommunity[h];
      if (c < 0) continue;
      homes[c]++;
      if (!Number.isNaN(homeWeight[h])) { known[c]++; total[c] += homeWeight[h]; }
    }
    const share = new Float64Array(communities), below = new Float64Array(communities);
    for (let h = 0; h < this.homes; h++) {
      const c = homeCommunity[h];
      if (c < 0) continue;
      const w = known[c] === homes[c] && total[c] > 0 ? homeWeight[h] : 1;
      below[c] += w;
      if (metres[h] !== Infinity) share[c] += w;
    }
    for (let c = 0; c < communities; c++) share[c] = below[c] > 0 ? share[c] / below[c] : NaN;
    return share;
  }
}
