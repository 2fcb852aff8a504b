/** Boundary loops of triangles and what a proof of bijectivity asks of them. */

type Place = readonly [number, number];

/** Closed loops of directed edges without a partner; throws where the mesh is not manifold. */
export function boundaryLoops(triangles: Uint32Array): number[][] {
  const directed = new Set<string>();
  for (let t = 0; t < triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) {
      const edge = `${triangles[t + k]},${triangles[t + ((k + 1) % 3)]}`;
      if (directed.has(edge)) throw new Error(`Edge ${edge} has two triangles on one side.`);
      directed.add(edge);
    }
  }
  const next = new Map<number, number>();
  for (const edge of directed) {
    const [a, b] = edge.split(',').map(Number);
    if (directed.has(`${b},${a}`)) continue;
    if (next.has(a)) throw new Error(`Two boundaries meet in vertex ${a}.`);
    next.set(a, b);
  }
  const loops: number[][] = [];
  const seen = new Set<number>();
  for (const start of next.keys()) {
    if (seen.has(start)) continue;
    const loop: number[] = [];
    let v = start;
    while (!seen.has(v)) {
      seen.add(v);
      loop.push(v);
      v = next.get(v) ?? -1;
    }
    if (v !== start) throw new Error('A boundary does not close.');
    loops.push(loop);
  }
  return loops;
}

export function loopArea(loop: readonly Place[]): number {
  return loop.reduce((sum, [x, y], i) => {
    const [nx, ny] = loop[(i + 1) % loop.length];
    return sum + (x * ny - nx * y) / 2;
  }, 0);
}

export function crossesItself(loop: readonly Place[]): boolean {
  const n = loop.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n; j++) {
      if (i === 0 && j === n - 1) continue;
      if (segmentsMeet(loop[i], loop[(i + 1) % n], loop[j], loop[(j + 1) % n])) return true;
    }
  }
  return false;
}

/** Least distance of two loops' outlines, 0 when they cross. */
export function loopDistance(a: readonly Place[], b: readonly Place[]): number {
  let least = Infinity;
  for (let i = 0; i < a.length; i++) {
    const [p, q] = [a[i], a[(i + 1) % a.length]];
    for (let j = 0; j < b.length; j++) {
      const [r, s] = [b[j], b[(j + 1) % b.length]];
      if (segmentsMeet(p, q, r, s)) return 0;
      least = Math.min(least, pointSegment(p, r, s), pointSegment(r, p, q));
    }
  }
  return least;
}

function segmentsMeet(p: Place, q: Place, r: Place, s: Place): boolean {
  const side = (a: Place, b: Place, c: Place): number =>
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
  return side(p, q, r) * side(p, q, s) <= 0 && side(r, s, p) * side(r, s, q) <= 0;
}

function pointSegment(p: Place, a: Place, b: Place): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const t = Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}
