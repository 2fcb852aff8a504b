/**
 * Smooth region weights on the head, from the source's face region, its iBUG landmarks and, for the ear, an ellipse
 * seen from the side. Distances are in mm on the mean; |x| is used, so the weights are symmetric.
 */
import type { RegionName, TemplateSource } from './types.ts';

type Point = readonly [number, number, number];

/** The ear seen from the side: an ellipse that leans back, in source coordinates (mm). */
const EAR = { y: 8, z: -1, halfHeight: 31, halfWidth: 19, leanRadians: 0.3, innermostX: 62 } as const;

export function smoothstep(from: number, to: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

/** 1 on the ear, 0 off it. */
export function earWeight(x: number, y: number, z: number): number {
  if (Math.abs(x) < EAR.innermostX) return 0;
  const [c, s] = [Math.cos(EAR.leanRadians), Math.sin(EAR.leanRadians)];
  const along = (c * (y - EAR.y) - s * (z - EAR.z)) / EAR.halfHeight;
  const across = (s * (y - EAR.y) + c * (z - EAR.z)) / EAR.halfWidth;
  return 1 - smoothstep(0.9, 1.3, along * along + across * across);
}

/** iBUG landmarks [from, to) of the left half with |x|, with points between neighbours. */
export function landmarkLine(source: TemplateSource, from: number, to: number): Point[] {
  const line: Point[] = [];
  for (let i = from; i < to; i++) {
    const v = 3 * source.landmarks68[i];
    const q: Point = [Math.abs(source.mean[v]), source.mean[v + 1], source.mean[v + 2]];
    const p = line[line.length - 1];
    if (p !== undefined) {
      for (const w of [0.25, 0.5, 0.75])
        line.push([p[0] + w * (q[0] - p[0]), p[1] + w * (q[1] - p[1]), p[2] + w * (q[2] - p[2])]);
    }
    line.push(q);
  }
  return line;
}

export function distanceTo(points: readonly Point[], x: number, y: number, z: number): number {
  let best = Infinity;
  for (const q of points) best = Math.min(best, Math.hypot(Math.abs(x) - q[0], y - q[1], z - q[2]));
  return best;
}

/**
 * Region weights 0..1 of skin vertices.
 *
 * @param positions [n, 3] mm, source coordinates
 * @param face [n] the source's face region 0..1 at each vertex
 */
export function regionWeights(
  source: TemplateSource,
  positions: Float64Array,
  face: Float64Array,
): Record<RegionName, Float32Array> {
  const n = face.length;
  const eyeLine = [
    ...landmarkLine(source, 42, 48),
    ...landmarkLine(source, 22, 27).map(([x, y, z]): Point => [x, y - 6, z]),
  ];
  const noseLine = [...landmarkLine(source, 27, 31), ...landmarkLine(source, 31, 36)];
  const lipLine = [...landmarkLine(source, 48, 60), ...landmarkLine(source, 60, 68)];
  const browHeight = Math.max(...landmarkLine(source, 22, 27).map((q) => q[1]));
  const eyeCornerX = Math.abs(source.mean[3 * source.landmarks68[45]]);
  const chinY = source.mean[3 * source.landmarks68[8] + 1];
  // Off the face the neck begins at the height of the ear lobes, where the hair ends behind.
  const neckTop = chinY + 45;
  const result: Record<RegionName, Float32Array> = {
    face: new Float32Array(n),
    forehead: new Float32Array(n),
    nose: new Float32Array(n),
    mouth: new Float32Array(n),
    eyes: new Float32Array(n),
    cheeks: new Float32Array(n),
    ears: new Float32Array(n),
    scalp: new Float32Array(n),
    neck: new Float32Array(n),
  };
  for (let v = 0; v < n; v++) {
    const [x, y, z] = [positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]];
    const inFace = face[v];
    const ear = earWeight(x, y, z) * (1 - inFace);
    const eyes = inFace * (1 - smoothstep(9, 17, distanceTo(eyeLine, x, y, z)));
    const nose = inFace * (1 - smoothstep(9, 17, distanceTo(noseLine, x, y, z))) * (1 - eyes * 0.7);
    const mouth = inFace * (1 - smoothstep(7, 16, distanceTo(lipLine, x, y, z))) * (1 - nose);
    const forehead = inFace * smoothstep(browHeight - 2, browHeight + 10, y);
    const cheekSide =
      smoothstep(12, 26, Math.abs(x)) * (1 - smoothstep(10, 40, y)) * smoothstep(chinY + 2, chinY + 28, y);
    result.face[v] = inFace;
    result.ears[v] = ear;
    result.eyes[v] = eyes;
    result.nose[v] = nose;
    result.mouth[v] = mouth;
    result.forehead[v] = forehead * (1 - eyes);
    result.cheeks[v] =
      inFace *
      cheekSide *
      (1 - eyes) *
      (1 - nose) *
      (1 - mouth) *
      smoothstep(eyeCornerX * 0.2, eyeCornerX * 0.5, Math.abs(x));
    const rest = (1 - inFace) * (1 - ear);
    const below = 1 - smoothstep(neckTop - 12, neckTop + 12, y);
    result.neck[v] = rest * below;
    result.scalp[v] = rest * (1 - below);
  }
  return result;
}
