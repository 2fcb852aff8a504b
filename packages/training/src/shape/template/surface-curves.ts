/**
 * The half surface's curves: its boundary cut at the junctions of midline, lips and neck and at the eye's corners, and
 * the creases inside. Template vertices on a curve slide on it and its edges stay edges.
 */
import type { Creases } from './creases.ts';

const MIDLINE_MM = 1e-3;

/** A boundary or crease of the half surface, from corner to corner. */
export interface SurfaceCurve {
  readonly name: CurveName;
  /** True on the surface's boundary; false for a crease inside it. */
  readonly isBoundary: boolean;
  /** Surface vertices along the curve, in the boundary's direction (surface on its left seen from outside). */
  readonly vertices: Int32Array;
  /** Arc length in mm at each of the vertices. */
  readonly lengths: Float64Array;
}

export type BoundaryName =
  'midline_front' | 'midline_back' | 'lips' | 'eyelid_upper' | 'eyelid_lower' | 'neck';
export type CurveName = BoundaryName | 'lid_margin_upper' | 'lid_margin_lower' | 'lip_contact';

/** Splits the half's boundary at the junctions of midline, lips and neck and at the eye's two corners. */
export function boundaryCurves(p: Float64Array, triangles: Int32Array): SurfaceCurve[] {
  const next = new Map<number, number>();
  const directed = new Set<string>();
  for (let t = 0; t < triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) directed.add(`${triangles[t + k]},${triangles[t + ((k + 1) % 3)]}`);
  }
  for (const edge of directed) {
    const [a, b] = edge.split(',').map(Number);
    if (!directed.has(`${b},${a}`)) next.set(a, b);
  }
  const loops: number[][] = [];
  const seen = new Set<number>();
  for (const start of next.keys()) {
    if (seen.has(start)) continue;
    const loop: number[] = [];
    for (let v: number | undefined = start; v !== undefined && !seen.has(v); v = next.get(v)) {
      seen.add(v);
      loop.push(v);
    }
    loops.push(loop);
  }
  if (loops.length !== 2)
    throw new RangeError(
      `The half surface has ${loops.length} boundary loops; expected an outer one and the eyelid's.`,
    );
  const isMidline = (v: number): boolean => p[3 * v] < MIDLINE_MM;
  const [outer, eyelid] = loops[0].some(isMidline) ? [loops[0], loops[1]] : [loops[1], loops[0]];
  // Runs of edges on and off the midline; a run off the midline is the lips or the neck.
  const n = outer.length;
  const onMidline = outer.map((v, i) => isMidline(v) && isMidline(outer[(i + 1) % n]));
  const starts = outer.map((_, i) => i).filter((i) => onMidline[i] !== onMidline[(i + n - 1) % n]);
  if (starts.length !== 4)
    throw new RangeError('The half surface is not bounded by midline, lips and neck as expected.');
  const curves: SurfaceCurve[] = starts.map((start, k) => {
    const end = starts[(k + 1) % 4];
    const vertices: number[] = [];
    for (let i = start; i !== end; i = (i + 1) % n) vertices.push(outer[i]);
    vertices.push(outer[end]);
    const meanZ = vertices.reduce((sum, v) => sum + p[3 * v + 2], 0) / vertices.length;
    const lowest = Math.min(...vertices.map((v) => p[3 * v + 1]));
    const lips = meanZ > 80;
    if (!onMidline[start]) return curve(lips ? 'lips' : 'neck', vertices, p);
    // Both pieces of the midline begin or end at the neck; only the back one passes behind the head.
    return curve(
      Math.min(...vertices.map((v) => p[3 * v + 2])) < -50 && lowest < 0 ? 'midline_back' : 'midline_front',
      vertices,
      p,
    );
  });
  const { upper, lower } = splitAtEyeCorners(p, eyelid);
  curves.push(curve('eyelid_upper', upper, p), curve('eyelid_lower', lower, p));
  return curves;
}

export function creaseCurves(p: Float64Array, creases: Creases): SurfaceCurve[] {
  const { upper, lower } = splitAtEyeCorners(p, creases.lidMargin);
  return [
    curve('lid_margin_upper', upper, p, false),
    curve('lid_margin_lower', lower, p, false),
    curve('lip_contact', creases.lipContact, p, false),
  ];
}

/** Cuts a ring around the eye at its ends along x into the upper and the lower lid's part. */
function splitAtEyeCorners(p: Float64Array, ring: readonly number[]): { upper: number[]; lower: number[] } {
  const inner = ring.reduce((best, v, i) => (p[3 * v] < p[3 * ring[best]] ? i : best), 0);
  const outer = ring.reduce((best, v, i) => (p[3 * v] > p[3 * ring[best]] ? i : best), 0);
  const run = (from: number, to: number): number[] => {
    const result = [ring[from]];
    for (let i = from; i !== to;) {
      i = (i + 1) % ring.length;
      result.push(ring[i]);
    }
    return result;
  };
  const runs = [run(inner, outer), run(outer, inner)];
  const meanY = (vertices: readonly number[]): number =>
    vertices.reduce((sum, v) => sum + p[3 * v + 1], 0) / vertices.length;
  const upper = meanY(runs[0]) > meanY(runs[1]) ? 0 : 1;
  return { upper: runs[upper], lower: runs[1 - upper] };
}

function curve(
  name: CurveName,
  vertices: readonly number[],
  p: Float64Array,
  isBoundary = true,
): SurfaceCurve {
  const lengths = new Float64Array(vertices.length);
  for (let i = 1; i < vertices.length; i++)
    lengths[i] = lengths[i - 1] + pointDistance(p, vertices[i - 1], vertices[i]);
  return { name, isBoundary, vertices: Int32Array.from(vertices), lengths };
}

/** Distance of points a and b of [n, 3]. */
export function pointDistance(p: Float64Array, a: number, b: number): number {
  return Math.hypot(p[3 * a] - p[3 * b], p[3 * a + 1] - p[3 * b + 1], p[3 * a + 2] - p[3 * b + 2]);
}
