/** Which triangles share an edge: what a walk over a surface needs. */

/** One table a mesh: it is asked for at every picture of a fit. */
const TABLES = new WeakMap<Uint32Array, Int32Array>();

/**
 * @param triangles [T, 3]; not changed afterwards (the table is kept with the array)
 * @returns [T, 3] the triangle across the edge from corner k to corner k + 1, and -1 where there is none or the edge has more than two
 */
export function triangleNeighbours(triangles: Uint32Array): Int32Array {
  const known = TABLES.get(triangles);
  if (known) return known;
  const neighbours = new Int32Array(triangles.length).fill(-1);
  let vertices = 0;
  for (const v of triangles) if (v >= vertices) vertices = v + 1;
  const sides = new Map<number, number[]>();
  for (let side = 0; side < triangles.length; side++) {
    const a = triangles[side];
    const b = triangles[side % 3 === 2 ? side - 2 : side + 1];
    if (a === b) continue;
    const key = Math.min(a, b) * vertices + Math.max(a, b);
    const found = sides.get(key);
    if (found) found.push(side);
    else sides.set(key, [side]);
  }
  for (const found of sides.values()) {
    if (found.length !== 2) continue;
    neighbours[found[0]] = Math.floor(found[1] / 3);
    neighbours[found[1]] = Math.floor(found[0] / 3);
  }
  TABLES.set(triangles, neighbours);
  return neighbours;
}
