/**
 * Which vertex is the mirror image of which under x -> -x, found from positions alone.
 */

export interface MirrorMapOptions {
  /** Largest distance between a vertex's reflection and its partner, in the positions' unit. */
  readonly tolerance?: number;
}

export const MIRROR_MAP_DEFAULTS: { readonly tolerance: number } = { tolerance: 0.5 };

/**
 * @param positions [V, 3]
 * @param groups [V] optional label per vertex; a partner must carry `partnerGroup(label)`
 * @returns [V] partner index (itself on the midline), or undefined when the vertices do not pair off within tolerance
 */
export function mirrorMap(
  positions: Float32Array,
  options: MirrorMapOptions = {},
  groups?: ArrayLike<number>,
  partnerGroup: (group: number) => number = (group) => group,
): Uint32Array | undefined {
  const tolerance = options.tolerance ?? MIRROR_MAP_DEFAULTS.tolerance;
  const count = positions.length / 3;
  const cells = new Map<string, number[]>();
  const cell = (v: number): number => Math.floor(v / tolerance);
  for (let i = 0; i < count; i++) {
    const key = `${cell(positions[i * 3])},${cell(positions[i * 3 + 1])},${cell(positions[i * 3 + 2])}`;
    const list = cells.get(key);
    if (list) list.push(i);
    else cells.set(key, [i]);
  }
  const pairs: { i: number; j: number; d: number }[] = [];
  for (let i = 0; i < count; i++) {
    const x = -positions[i * 3];
    const y = positions[i * 3 + 1];
    const z = positions[i * 3 + 2];
    for (let cx = cell(x) - 1; cx <= cell(x) + 1; cx++)
      for (let cy = cell(y) - 1; cy <= cell(y) + 1; cy++)
        for (let cz = cell(z) - 1; cz <= cell(z) + 1; cz++)
          for (const j of cells.get(`${cx},${cy},${cz}`) ?? []) {
            if (j < i) continue;
            if (groups && groups[j] !== partnerGroup(groups[i])) continue;
            const d = Math.hypot(positions[j * 3] - x, positions[j * 3 + 1] - y, positions[j * 3 + 2] - z);
            if (d <= tolerance) pairs.push({ i, j, d });
          }
  }
  // Best pairs first, so coincident or crowded vertices cannot steal a partner: the result is an involution.
  pairs.sort((a, b) => a.d - b.d || a.i - b.i || a.j - b.j);
  const mirror = new Uint32Array(count).fill(count);
  for (const { i, j } of pairs) {
    if (mirror[i] !== count || mirror[j] !== count) continue;
    mirror[i] = j;
    mirror[j] = i;
  }
  return mirror.includes(count) ? undefined : mirror;
}
