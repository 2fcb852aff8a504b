/**
 * The skin's UV chart, one half of it: the half mesh is cut open along the back midline, laid onto a half disc by a
 * Tutte embedding and relaxed by the symmetric Dirichlet energy towards the shape it has in space, the face larger than
 * scalp and neck. The front midline stays on the axis x = 0, so the mirrored half fits without a seam.
 */
import type { HalfMesh } from './half-mesh.ts';
import { earWeight, smoothstep } from './regions.ts';
import { flatten, wishedShapes } from './symmetric-dirichlet.ts';
import { tutteEmbedding } from './tutte.ts';

export interface ChartOptions {
  /** Wished scale off the face, far from it; the face has 1. */
  readonly farScale: number;
  /** Distance from the face in mm over which the scale falls. */
  readonly fallMm: number;
  /** Weight of a face triangle's distortion against one elsewhere. */
  readonly faceWeight: number;
  /** The cut runs up the back of the head and ends at this height under the crown, in mm along the midline. */
  readonly cutBelowCrownMm: number;
  /** Weight of the holes' fans against a face triangle. */
  readonly holeWeight: number;
  readonly maxIterations: number;
}

export const CHART_DEFAULTS: ChartOptions = {
  farScale: 0.25,
  fallMm: 40,
  faceWeight: 6,
  cutBelowCrownMm: 0,
  holeWeight: 0.5,
  maxIterations: 150,
};

export interface HalfChart {
  /** [n, 2] x >= 0 to the subject's left, y up; about millimetres of the face. */
  readonly places: Float64Array;
  /** [n] 1 on the back midline below the cut's end, where the mirrored half has its own UV vertex. */
  readonly onCut: Uint8Array;
}

/** Flattens the half mesh. */
export function chartHalf(mesh: HalfMesh, options: ChartOptions = CHART_DEFAULTS): HalfChart {
  const n = mesh.vertexCount;
  const p = mesh.positions;
  const back = orderFrom(mesh.curves.midline_back, (v) => p[3 * v + 1]);
  const crown = back.reduce((best, v, i) => (p[3 * v + 1] > p[3 * back[best] + 1] ? i : best), 0);
  let end = crown;
  for (let length = 0; end > 0 && length < options.cutBelowCrownMm; end--) {
    length += Math.hypot(
      p[3 * back[end] + 1] - p[3 * back[end - 1] + 1],
      p[3 * back[end] + 2] - p[3 * back[end - 1] + 2],
    );
  }
  const onCut = new Uint8Array(n);
  for (let i = 0; i < end; i++) onCut[back[i]] = 1;

  const filled = fillHoles(mesh);
  const { triangles } = filled;
  const total = filled.positions.length / 3;
  const places = firstFlattening(mesh, filled, onCut);
  const scale = wishedScale(mesh, options);
  const count = triangles.length / 3;
  const skinCount = mesh.triangles.length / 3;
  const mean = (field: Float64Array, t: number): number =>
    (field[triangles[3 * t]] + field[triangles[3 * t + 1]] + field[triangles[3 * t + 2]]) / 3;
  const { gradients, areas } = wishedShapes(filled.positions, triangles, (t) =>
    t < skinCount ? mean(scale, t) : 1,
  );
  const weights = new Float64Array(count);
  for (let t = 0; t < count; t++) {
    const share = t < skinCount ? mean(mesh.face, t) : options.holeWeight;
    weights[t] = areas[t] * (1 + (options.faceWeight - 1) * share);
  }
  const fixed = new Uint8Array(2 * total);
  for (let v = 0; v < n; v++) if (mesh.onMidline[v] === 1 && onCut[v] === 0) fixed[2 * v] = 1;
  fixed[2 * filled.mouthHub] = 1;
  rescale(places, triangles, areas);
  flatten({ triangles, gradients, weights, fixed }, places, {
    maxIterations: options.maxIterations,
    tolerance: 1e-5,
  });
  return { places: places.slice(0, 2 * n), onCut };
}

interface FilledMesh {
  readonly positions: Float64Array;
  readonly triangles: Int32Array;
  readonly mouthHub: number;
}

/**
 * The half mesh with a fan in the eye and half a fan in the mouth. The fans carry a little energy of their own, so that
 * the holes stay open in the chart and skin on either side cannot slide over the other (as the scaffold in Jiang et
 * al., Simplicial Complex Augmentation Framework for Bijective Maps, TOG 2017).
 */
function fillHoles(mesh: HalfMesh): FilledMesh {
  const p = mesh.positions;
  const { lips, eyelid_upper: upper, eyelid_lower: lower } = mesh.curves;
  const centre = (vertices: readonly number[]): number[] =>
    [0, 1, 2].map((d) => vertices.reduce((sum, v) => sum + p[3 * v + d], 0) / vertices.length);
  const eye = centre([...upper, ...lower]);
  const mouth = centre([lips[0], lips[lips.length - 1]]);
  const eyeHub = mesh.vertexCount;
  const mouthHub = eyeHub + 1;
  const triangles = [...mesh.triangles];
  for (const [curve, hub] of [
    [upper, eyeHub],
    [lower, eyeHub],
    [lips, mouthHub],
  ] as const) {
    for (let i = 1; i < curve.length; i++) triangles.push(curve[i], curve[i - 1], hub);
  }
  return {
    positions: Float64Array.from([...p, ...eye, 0, mouth[1], mouth[2]]),
    triangles: Int32Array.from(triangles),
    mouthHub,
  };
}

/** The chain from its lower end up. */
function orderFrom(chain: Int32Array, height: (v: number) => number): number[] {
  const list = [...chain];
  return height(list[0]) <= height(list[list.length - 1]) ? list : list.toReversed();
}

/** Tutte's embedding onto a half disc: the midline on its straight side, cut and neck on the arc. */
function firstFlattening(mesh: HalfMesh, filled: FilledMesh, onCut: Uint8Array): Float64Array {
  const p = filled.positions;
  const { midline_front: front, midline_back: back, neck } = mesh.curves;
  const straight: number[] = [];
  const arc: number[] = [];
  const low = (chain: Int32Array): number[] => orderFrom(chain, (v) => p[3 * v + 1]);
  // From the neck's front up: midline, the mouth's hub, midline to the cut's end.
  const frontUp = low(front);
  const backUp = low(back);
  const cutLength = backUp.findIndex((v) => onCut[v] === 0);
  const faceDown = backUp.slice(cutLength);
  straight.push(...frontUp, filled.mouthHub, ...faceDown.toReversed());
  const neckFromFront = neck[0] === frontUp[0] ? [...neck] : [...neck].toReversed();
  arc.push(...neckFromFront, ...backUp.slice(1, cutLength + 1));
  const outline = new Map<number, readonly [number, number]>();
  const along = (chain: readonly number[]): number[] => {
    const lengths = [0];
    for (let i = 1; i < chain.length; i++) {
      const [a, b] = [3 * chain[i - 1], 3 * chain[i]];
      lengths.push(lengths[i - 1] + Math.hypot(p[a] - p[b], p[a + 1] - p[b + 1], p[a + 2] - p[b + 2]));
    }
    return lengths.map((length) => length / lengths[lengths.length - 1]);
  };
  along(straight).forEach((s, i) => outline.set(straight[i], [0, 2 * s - 1]));
  along(arc).forEach((s, i) => {
    if (i > 0 && i < arc.length - 1) outline.set(arc[i], [Math.sin(Math.PI * s), -Math.cos(Math.PI * s)]);
  });
  return tutteEmbedding(p, filled.triangles, outline);
}

/** Wished scale per vertex: 1 on the face, falling with the distance along the skin, the ear kept readable. */
function wishedScale(mesh: HalfMesh, options: ChartOptions): Float64Array {
  const distance = distanceFrom(mesh, (v) => mesh.face[v] > 0.5);
  return distance.map((d, v) => {
    const fall = 1 - (1 - options.farScale) * smoothstep(-0.25 * options.fallMm, options.fallMm, d);
    const ear = earWeight(mesh.positions[3 * v], mesh.positions[3 * v + 1], mesh.positions[3 * v + 2]);
    return fall + ear * Math.max(0, 0.6 - fall);
  });
}

/** Distance along edges in mm from a set of vertices (Dijkstra's relaxation by sweeps). */
export function distanceFrom(mesh: HalfMesh, inside: (v: number) => boolean): Float64Array {
  const distance = new Float64Array(mesh.vertexCount).fill(Infinity);
  for (let v = 0; v < mesh.vertexCount; v++) if (inside(v)) distance[v] = 0;
  const p = mesh.positions;
  for (let changed = true; changed;) {
    changed = false;
    for (let t = 0; t < mesh.triangles.length; t += 3) {
      for (let k = 0; k < 3; k++) {
        const a = mesh.triangles[t + k];
        const b = mesh.triangles[t + ((k + 1) % 3)];
        const length = Math.hypot(
          p[3 * a] - p[3 * b],
          p[3 * a + 1] - p[3 * b + 1],
          p[3 * a + 2] - p[3 * b + 2],
        );
        if (distance[a] > distance[b] + length) {
          distance[a] = distance[b] + length;
          changed = true;
        } else if (distance[b] > distance[a] + length) {
          distance[b] = distance[a] + length;
          changed = true;
        }
      }
    }
  }
  return distance;
}

/** Scales the first flattening to the wished total area. */
function rescale(places: Float64Array, triangles: Int32Array, areas: Float64Array): void {
  let have = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [2 * triangles[t], 2 * triangles[t + 1], 2 * triangles[t + 2]];
    have +=
      ((places[b] - places[a]) * (places[c + 1] - places[a + 1]) -
        (places[b + 1] - places[a + 1]) * (places[c] - places[a])) /
      2;
  }
  const factor = Math.sqrt(areas.reduce((sum, area) => sum + area, 0) / have);
  for (let i = 0; i < places.length; i++) places[i] *= factor;
}
