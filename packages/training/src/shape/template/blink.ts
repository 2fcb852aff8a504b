/**
 * Closes the lids of the source's blink, which leaves a slit of up to 1 mm for its lashes to hide: the upper lid is turned
 * about the eyeball by as much as the slit is high there, less and less away from the lid's margin.
 */
import { smoothstep } from './regions.ts';
import type { HeadTemplate } from './types.ts';

/** Seen from the front the slit is measured in columns of this width, mm. */
const COLUMN_MM = 0.5;
/** The upper lid's margin ends this far over the lower one's, mm. */
const OVERLAP_MM = 0.15;
/** Distance from the lid's inner edge up to which skin moves fully, and from which it rests, mm. */
const FALL_MM = [5, 13] as const;
/** Lid margins are searched so far from the lids' inner edge, mm. */
const MARGIN_MM = 5;
/** No correction at the corners of the eye, where upper and lower lid are one; full from this far on, mm. */
const CORNER_MM = 2.5;
/** Half width over which the slit's height is smoothed, in columns. */
const SMOOTH = 3;

/** Adds the correction to `deltas` for `eyeBlink_{L,R}` and the ARKit spelling; leaves other expressions as they are. */
export function closeBlink(
  template: Pick<HeadTemplate, 'positions' | 'loops' | 'eyeballs' | 'triangles' | 'skinVertexCount'>,
  deltas: Float32Array,
  expression: string,
): void {
  const match = /^eyeBlink_?(L|R|Left|Right)$/.exec(expression);
  if (match === null) return;
  const side = match[1].startsWith('L') ? 'left' : 'right';
  const { positions, skinVertexCount, triangles } = template;
  const { centre } = template.eyeballs[side];
  const lid = nearLid(positions, template.loops[`eyelid_${side}`], skinVertexCount);
  const posed = (v: number, d: number): number => positions[3 * v + d] + deltas[3 * v + d];

  // The lowest of the upper lid and the highest of the lower one, column by column.
  const columns = Math.ceil((lid.maxX - lid.minX) / COLUMN_MM);
  const upper = new Float64Array(columns).fill(Infinity);
  const lower = new Float64Array(columns).fill(-Infinity);
  for (let t = 0; t < triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) {
      const [a, b] = [triangles[t + k], triangles[t + ((k + 1) % 3)]];
      if (a >= skinVertexCount || lid.distance[a] > MARGIN_MM || lid.distance[b] > MARGIN_MM) continue;
      if (lid.isUpper[a] !== lid.isUpper[b]) continue;
      const [xa, xb] = [posed(a, 0), posed(b, 0)];
      for (
        let i = Math.max(0, Math.ceil((Math.min(xa, xb) - lid.minX) / COLUMN_MM));
        i < columns && lid.minX + i * COLUMN_MM <= Math.max(xa, xb);
        i++
      ) {
        const share = xa === xb ? 0 : (lid.minX + i * COLUMN_MM - xa) / (xb - xa);
        const y = posed(a, 1) + share * (posed(b, 1) - posed(a, 1));
        if (lid.isUpper[a] === 1) upper[i] = Math.min(upper[i], y);
        else lower[i] = Math.max(lower[i], y);
      }
    }
  }
  const heights = upper.map((y, i) => (Number.isFinite(y - lower[i]) ? Math.max(0, y - lower[i]) : 0));
  const slit = smoothMaximum(heights.map((height) => (height > 0 ? height + OVERLAP_MM : 0))).map(
    (height, i) => height * smoothstep(0, CORNER_MM, Math.min(i, columns - 1 - i) * COLUMN_MM),
  );

  for (let v = 0; v < skinVertexCount; v++) {
    if (lid.isUpper[v] === 0 || lid.distance[v] > FALL_MM[1]) continue;
    const at = (posed(v, 0) - lid.minX) / COLUMN_MM;
    const i = Math.min(columns - 1, Math.max(0, Math.floor(at)));
    const t = Math.min(1, Math.max(0, at - i));
    const height = slit[i] + t * (slit[Math.min(columns - 1, i + 1)] - slit[i]);
    const amount = height * (1 - smoothstep(FALL_MM[0], FALL_MM[1], lid.distance[v]));
    const [y, z] = [posed(v, 1) - centre[1], posed(v, 2) - centre[2]];
    const angle = amount / Math.max(z, 1);
    deltas[3 * v + 1] += y * Math.cos(angle) - z * Math.sin(angle) - y;
    deltas[3 * v + 2] += z * Math.cos(angle) + y * Math.sin(angle) - z;
  }
}

interface LidField {
  /** [S] distance to the lid's inner edge at rest, mm. */
  readonly distance: Float64Array;
  /** [S] 1 where the nearest place of that edge belongs to the upper lid. */
  readonly isUpper: Uint8Array;
  readonly minX: number;
  readonly maxX: number;
}

function nearLid(positions: Float32Array, loop: Uint32Array, count: number): LidField {
  const ordered = [...loop].toSorted((a, b) => positions[3 * a] - positions[3 * b]);
  const [first, last] = [ordered[0], ordered[ordered.length - 1]];
  const [minX, maxX] = [positions[3 * first], positions[3 * last]];
  const chord = (x: number): number =>
    positions[3 * first + 1] +
    ((x - minX) / (maxX - minX)) * (positions[3 * last + 1] - positions[3 * first + 1]);
  const distance = new Float64Array(count).fill(Infinity);
  const isUpper = new Uint8Array(count);
  for (let v = 0; v < count; v++) {
    for (const q of loop) {
      const r = Math.hypot(...[0, 1, 2].map((d) => positions[3 * v + d] - positions[3 * q + d]));
      if (r >= distance[v]) continue;
      distance[v] = r;
      isUpper[v] = Number(positions[3 * q + 1] > chord(positions[3 * q]));
    }
  }
  return { distance, isUpper, minX, maxX };
}

/** The largest of the neighbours, then their mean: nowhere much below the field, and without steps. */
function smoothMaximum(field: Float64Array): Float64Array {
  const window = (values: Float64Array, i: number): Float64Array =>
    values.subarray(Math.max(0, i - SMOOTH), i + SMOOTH + 1);
  const largest = field.map((_, i) => Math.max(...window(field, i)));
  return largest.map((_, i) => {
    const near = window(largest, i);
    return near.reduce((sum, value) => sum + value, 0) / near.length;
  });
}
