/**
 * Scans whose truth is known, for the benchmarks of registration: a head of the model under a finer and different mesh, with noise,
 * cut to the front of the face as scanners do.
 */
import { cropSphere } from '@likeness/core/geometry';
import type { SubMesh } from '@likeness/core/geometry';
import { evaluateModel, landmarkPositions } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';

export interface HeadMesh {
  readonly positions: Float32Array;
  readonly triangles: Uint32Array;
}

/** The skin part of a model alone: its vertices come first. */
export function skinOf(model: MorphableModel, positions: Float32Array): HeadMesh {
  const skin = model.parts.find((part) => part.name === 'skin') ?? {
    triangleStart: 0,
    triangleCount: model.triangles.length / 3,
    vertexStart: 0,
    vertexCount: model.vertexCount,
  };
  if (skin.vertexStart !== 0) throw new Error(`The skin of ${model.name} does not start at vertex 0.`);
  return {
    positions: positions.slice(0, skin.vertexCount * 3),
    triangles: model.triangles.slice(skin.triangleStart * 3, (skin.triangleStart + skin.triangleCount) * 3),
  };
}

export function landmarks68(model: MorphableModel, positions: Float32Array): Float32Array {
  const embedding = model.landmarks['ibug68'];
  if (!embedding) throw new Error(`The model ${model.name} has no iBUG-68 landmarks.`);
  return landmarkPositions(model, embedding, positions);
}

/** Each triangle becomes four, new vertices on the edges' middles. */
export function subdivide({ positions, triangles }: HeadMesh): HeadMesh {
  const points = Array.from(positions);
  const middles = new Map<number, number>();
  const middle = (a: number, b: number): number => {
    const key = Math.min(a, b) * 2 ** 26 + Math.max(a, b);
    const known = middles.get(key);
    if (known !== undefined) return known;
    const v = points.length / 3;
    for (let c = 0; c < 3; c++) points.push((points[a * 3 + c] + points[b * 3 + c]) / 2);
    middles.set(key, v);
    return v;
  };
  const finer: number[] = [];
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = triangles.subarray(t, t + 3);
    const ab = middle(a, b);
    const bc = middle(b, c);
    const ca = middle(c, a);
    finer.push(a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca);
  }
  return { positions: Float32Array.from(points), triangles: Uint32Array.from(finer) };
}

/** Independent standard normal numbers (Park & Miller's stream, Box-Muller). */
export function gaussian(seed: number): () => number {
  let state = seed % 2147483647 || 1;
  const uniform = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483648;
  };
  for (let i = 0; i < 10; i++) uniform();
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export function randomIdentity(model: MorphableModel, seed: number): Float32Array {
  const random = gaussian(seed);
  return Float32Array.from({ length: model.identity.count }, () => random());
}

export interface FaceScan {
  readonly mesh: SubMesh;
  /** [68, 3] */
  readonly landmarks: Float32Array;
  /** [V of the model, 3] the head behind the scan. */
  readonly truth: Float32Array;
  /** Distance of the scan's border from the nose tip. */
  readonly reachMm: number;
}

/** @param vertices about how many the scan shall have */
export function scanOfHead(model: MorphableModel, seed: number, vertices: number, noiseMm: number): FaceScan {
  const truth = evaluateModel(model, randomIdentity(model, seed), []);
  const landmarks = landmarks68(model, truth);
  const tip = landmarks.subarray(90, 93);
  const reachMm = 110;
  let fine = skinOf(model, truth);
  let mesh = cropSphere(fine, tip, reachMm);
  while (mesh.vertices.length < vertices) {
    fine = subdivide(fine);
    mesh = cropSphere(fine, tip, reachMm);
  }
  const distances = Array.from(mesh.vertices, (_, i) =>
    Math.hypot(
      mesh.positions[i * 3] - tip[0],
      mesh.positions[i * 3 + 1] - tip[1],
      mesh.positions[i * 3 + 2] - tip[2],
    ),
  ).toSorted((a, b) => a - b);
  const cut = cropSphere(mesh, tip, distances[vertices - 1]);
  const random = gaussian(seed + 1);
  const positions = cut.positions.map((x) => x + noiseMm * random());
  return { mesh: { ...cut, positions }, landmarks, truth, reachMm: distances[vertices - 1] };
}
