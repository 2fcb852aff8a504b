/**
 * The open borders of a surface as closed vertex loops: eyelids, mouth and neck of a head are found this way instead
 * of being listed by hand.
 */

/**
 * @param triangles [T, 3] consistently wound
 * @returns each loop's vertices once, along the winding of its triangles (surface to the left seen from outside),
 *   longest loop first, each starting at its lowest vertex index; a vertex where two borders touch ends a loop early
 */
export function boundaryLoops(triangles: Uint32Array): Uint32Array[] {
  const directed = new Set<number>();
  let vertexCount = 0;
  for (const v of triangles) if (v >= vertexCount) vertexCount = v + 1;
  const key = (a: number, b: number): number => a * vertexCount + b;
  forEachEdge(triangles, (a, b) => directed.add(key(a, b)));
  const next = new Map<number, number>();
  forEachEdge(triangles, (a, b) => {
    if (!directed.has(key(b, a))) next.set(a, b);
  });
  const loops: Uint32Array[] = [];
  const seen = new Set<number>();
  for (const start of [...next.keys()].sort((a, b) => a - b)) {
    if (seen.has(start)) continue;
    const loop: number[] = [];
    for (let v: number | undefined = start; v !== undefined && !seen.has(v); v = next.get(v)) {
      seen.add(v);
      loop.push(v);
    }
    loops.push(Uint32Array.from(loop));
  }
  return loops.sort((a, b) => b.length - a.length || a[0] - b[0]);
}

function forEachEdge(triangles: Uint32Array, visit: (a: number, b: number) => void): void {
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t];
    const b = triangles[t + 1];
    const c = triangles[t + 2];
    visit(a, b);
    visit(b, c);
    visit(c, a);
  }
}
