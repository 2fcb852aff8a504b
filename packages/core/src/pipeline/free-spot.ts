/** Finds room in a texture chart for a part that is added later. */

export interface FreeSpot {
  /** Centre, 0..1, origin top left. */
  readonly u: number;
  readonly v: number;
  /** Radius of a circle that no triangle enters, as a share of the chart's side. */
  readonly radius: number;
}

/** Cells per side of the map that is searched; a circle must be worth having. */
const CELLS = 128;
const MIN_RADIUS = 0.02;

/**
 * The largest free circle of the chart, up to a cell's width.
 * @param uvs [U, 2]
 * @param uvTriangles [T, 3]
 * @returns undefined where the chart is full
 */
export function freeSpot(uvs: Float32Array, uvTriangles: Uint32Array): FreeSpot | undefined {
  const taken = new Uint8Array(CELLS * CELLS);
  for (let t = 0; t < uvTriangles.length; t += 3) {
    const [a, b, c] = [2 * uvTriangles[t], 2 * uvTriangles[t + 1], 2 * uvTriangles[t + 2]];
    // Boxes, not triangles: at this resolution that errs by a cell, to the safe side.
    const left = cell(Math.min(uvs[a], uvs[b], uvs[c]));
    const right = cell(Math.max(uvs[a], uvs[b], uvs[c]));
    const top = cell(Math.min(uvs[a + 1], uvs[b + 1], uvs[c + 1]));
    const bottom = cell(Math.max(uvs[a + 1], uvs[b + 1], uvs[c + 1]));
    for (let y = top; y <= bottom; y++) taken.fill(1, y * CELLS + left, y * CELLS + right + 1);
  }
  const occupied: number[] = [];
  for (let i = 0; i < taken.length; i++) if (taken[i] && onEdge(taken, i)) occupied.push(i);
  let best: FreeSpot = { u: 0, v: 0, radius: 0 };
  for (let i = 0; i < taken.length; i++) {
    if (taken[i]) continue;
    const x = i % CELLS;
    const y = Math.floor(i / CELLS);
    // The chart's own edge is a wall as well.
    let distance = Math.min(x, y, CELLS - 1 - x, CELLS - 1 - y) + 0.5;
    for (const j of occupied) {
      if (distance / CELLS <= best.radius) break;
      distance = Math.min(distance, Math.hypot((j % CELLS) - x, Math.floor(j / CELLS) - y) - 1);
    }
    if (distance / CELLS > best.radius)
      best = { u: (x + 0.5) / CELLS, v: (y + 0.5) / CELLS, radius: distance / CELLS };
  }
  return best.radius >= MIN_RADIUS ? best : undefined;
}

function cell(coordinate: number): number {
  return Math.min(CELLS - 1, Math.max(0, Math.floor(coordinate * CELLS)));
}

/** A taken cell beside a free one; cells deep inside never are the nearest. */
function onEdge(taken: Uint8Array, i: number): boolean {
  const x = i % CELLS;
  return (
    (x > 0 && !taken[i - 1]) ||
    (x < CELLS - 1 && !taken[i + 1]) ||
    (i >= CELLS && !taken[i - CELLS]) ||
    (i + CELLS < taken.length && !taken[i + CELLS])
  );
}
