/**
 * A small morphable head made of formulas: tests of fitting and rendering need a model with known truth also where the
 * real ones are not at hand. An ellipsoid with a nose and two eyeballs; smooth identity modes; local expressions.
 */
import type { LandmarkEmbedding, LinearBasis, ModelPart, MorphableModel } from '@likeness/core/model';

const SEMI_AXES_MM = [72, 105, 88] as const;
const RINGS = 28;
const SEGMENTS = 48;
const EYE_RADIUS_MM = 12;
const EYE_RINGS = 8;
const EYE_SEGMENTS = 12;

/** Outline of the face in MediaPipe's numbering, from the top clockwise as seen in a photo. */
const FACE_OVAL = [
  10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
  150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];

/** Places in mm (x, y in a frontal view) of landmarks that code looks up by number. */
const NAMED: Readonly<Record<number, readonly [number, number]>> = {
  33: [-45, 30],
  133: [-17, 30],
  263: [45, 30],
  362: [17, 30],
  1: [0, -8],
  61: [-24, -45],
  291: [24, -45],
};

export interface SyntheticModelOptions {
  readonly identityCount?: number;
}

/**
 * Names, units and conventions as for the real models: mm, +X the subject's left, unit-variance identity, expressions in
 * 0..1 with ARKit names, embedding `mediapipe468`.
 */
export function syntheticModel(options: SyntheticModelOptions = {}): MorphableModel {
  const identityCount = options.identityCount ?? 12;
  const positions: number[] = [];
  const triangles: number[] = [];
  const uvs: number[] = [];
  const parts: ModelPart[] = [];
  addSphere('skin', RINGS, SEGMENTS, (d) => skinPoint(d));
  addSphere('eyeball_right', EYE_RINGS, EYE_SEGMENTS, (d) => eyePoint(d, -31));
  addSphere('eyeball_left', EYE_RINGS, EYE_SEGMENTS, (d) => eyePoint(d, 31));
  const mean = Float32Array.from(positions);
  const vertexCount = mean.length / 3;
  const eyeStart = parts[1].vertexStart;

  function addSphere(
    name: string,
    rings: number,
    segments: number,
    place: (direction: readonly [number, number, number]) => readonly number[],
  ): void {
    const vertexStart = positions.length / 3;
    const triangleStart = triangles.length / 3;
    for (let r = 0; r <= rings; r++) {
      const polar = (Math.PI * (r + 0.02)) / (rings + 0.04);
      for (let s = 0; s < segments; s++) {
        const azimuth = (2 * Math.PI * s) / segments;
        // Poles at the top and bottom, azimuth 0 at the back, so that the seam is not on the face.
        const d = [
          -Math.sin(polar) * Math.sin(azimuth),
          Math.cos(polar),
          -Math.sin(polar) * Math.cos(azimuth),
        ] as const;
        positions.push(...place(d));
        uvs.push((s + 0.5) / segments, r / rings);
        if (r === rings) continue;
        const a = vertexStart + r * segments + s;
        const b = vertexStart + r * segments + ((s + 1) % segments);
        triangles.push(a, a + segments, b, b, a + segments, b + segments);
      }
    }
    parts.push({
      name,
      triangleStart,
      triangleCount: triangles.length / 3 - triangleStart,
      vertexStart,
      vertexCount: positions.length / 3 - vertexStart,
    });
  }

  const field = (
    displace: (x: number, y: number, z: number, vertex: number) => readonly number[],
  ): number[] => {
    const out: number[] = [];
    for (let v = 0; v < vertexCount; v++)
      out.push(...displace(mean[v * 3], mean[v * 3 + 1], mean[v * 3 + 2], v));
    return out;
  };
  const identity: LinearBasis = {
    count: identityCount,
    names: Array.from({ length: identityCount }, (_, k) => `identity${String(k).padStart(3, '0')}`),
    deltas: Float32Array.from(
      Array.from({ length: identityCount }, (_, k) =>
        field((x, y, z) => {
          // Low spatial frequencies first, as in a PCA of heads; even in x, as most variation of heads is.
          const size = 3.5 / (1 + 0.15 * k);
          const wave =
            Math.cos((x / 60) * (1 + (k % 3))) *
            Math.sin(y / (70 - 3 * k) + 0.9 * k) *
            Math.cos(z / 80 + 0.5 * k);
          const axis = k % 3;
          return [
            axis === 0 ? (size * wave * x) / 40 : 0,
            axis === 1 ? size * wave : 0,
            axis === 2 ? size * wave : 0,
          ];
        }),
      ).flat(),
    ),
  };
  const bump = (cx: number, cy: number, radius: number, move: readonly number[]): number[] =>
    field((x, y, z, v) => {
      const weight =
        z > 0 && v < eyeStart ? Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * radius * radius)) : 0;
      return move.map((m) => m * weight);
    });
  const look = (side: -1 | 1, dx: number, dy: number): number[] =>
    field((x, _y, z, v) => {
      const own = v >= eyeStart && Math.sign(x) === side;
      // Linear in the displacement, as every blendshape of a turning eyeball is.
      const front = own ? (z - 62 + EYE_RADIUS_MM) / (2 * EYE_RADIUS_MM) : 0;
      return [dx * front, dy * front, 0];
    });
  const expressions: Readonly<Record<string, number[]>> = {
    jawOpen: bump(0, -75, 26, [0, -18, -4]),
    mouthSmileLeft: bump(26, -42, 14, [8, 7, -3]),
    mouthSmileRight: bump(-26, -42, 14, [-8, 7, -3]),
    mouthPucker: bump(0, -45, 12, [0, 0, 8]),
    browInnerUp: bump(0, 55, 16, [0, 8, 0]),
    eyeBlinkLeft: bump(31, 36, 7, [0, -7, 0]),
    eyeBlinkRight: bump(-31, 36, 7, [0, -7, 0]),
    eyeLookOutLeft: look(1, 5, 0),
    eyeLookInLeft: look(1, -5, 0),
    eyeLookOutRight: look(-1, -5, 0),
    eyeLookInRight: look(-1, 5, 0),
  };
  const triangleArray = Uint32Array.from(triangles);
  return {
    name: 'synthetic',
    version: '1',
    vertexCount,
    mean,
    triangles: triangleArray,
    uvs: Float32Array.from(uvs),
    uvTriangles: triangleArray.slice(),
    identity,
    expression: {
      count: Object.keys(expressions).length,
      names: Object.keys(expressions),
      deltas: Float32Array.from(Object.values(expressions).flat()),
    },
    parts,
    loops: {},
    regions: {},
    landmarks: { mediapipe468: denseEmbedding(mean, triangleArray, parts[0].triangleCount) },
    licence: 'MIT',
  };
}

function skinPoint([x, y, z]: readonly [number, number, number]): readonly number[] {
  const p = [x * SEMI_AXES_MM[0], y * SEMI_AXES_MM[1], z * SEMI_AXES_MM[2]];
  const nose = z > 0 ? Math.exp(-((p[0] / 14) ** 2) - ((p[1] + 5) / 24) ** 2) : 0;
  return [p[0], p[1], p[2] + 22 * nose];
}

function eyePoint([x, y, z]: readonly [number, number, number], centreX: number): readonly number[] {
  return [centreX + EYE_RADIUS_MM * x, 30 + EYE_RADIUS_MM * y, 62 + EYE_RADIUS_MM * z];
}

/** 468 landmarks: the named ones, the outline, and the rest evenly over the face (a sunflower pattern). */
function denseEmbedding(
  mean: Float32Array,
  triangles: Uint32Array,
  triangleCount: number,
): LandmarkEmbedding {
  const triangle = new Uint32Array(468);
  const barycentric = new Float32Array(468 * 3);
  for (let i = 0; i < 468; i++) {
    const radius = Math.sqrt((i + 0.5) / 468) * 0.86;
    const angle = i * Math.PI * (3 - Math.sqrt(5));
    let at: readonly [number, number] = [58 * radius * Math.cos(angle), -10 + 78 * radius * Math.sin(angle)];
    const oval = FACE_OVAL.indexOf(i);
    if (oval >= 0) {
      const turn = (2 * Math.PI * oval) / FACE_OVAL.length;
      at = [61 * Math.sin(turn), -10 + 82 * Math.cos(turn)];
    }
    at = NAMED[i] ?? at;
    placeFrontal(mean, triangles, triangleCount, at, i, triangle, barycentric);
  }
  return {
    name: 'mediapipe468',
    count: 468,
    triangle,
    barycentric,
    deviationMm: new Float32Array(468),
    contour: Uint32Array.from(FACE_OVAL),
  };
}

/** The front-most triangle over (x, y) and the barycentric coordinates there. */
function placeFrontal(
  mean: Float32Array,
  triangles: Uint32Array,
  triangleCount: number,
  [x, y]: readonly [number, number],
  index: number,
  triangle: Uint32Array,
  barycentric: Float32Array,
): void {
  for (let t = 0; t < triangleCount; t++) {
    const [a, b, c] = [0, 1, 2].map((k) => triangles[t * 3 + k] * 3);
    if (mean[a + 2] <= 0 || mean[b + 2] <= 0 || mean[c + 2] <= 0) continue;
    const area = cross(mean, a, b, mean[c], mean[c + 1]);
    const wa = cross(mean, b, c, x, y) / area;
    const wb = cross(mean, c, a, x, y) / area;
    const wc = 1 - wa - wb;
    if (!(wa >= 0 && wb >= 0 && wc >= 0)) continue;
    triangle[index] = t;
    barycentric.set([wa, wb, wc], index * 3);
    return;
  }
  throw new RangeError(`Landmark ${index} at (${x}, ${y}) mm lies beside the synthetic head.`);
}

function cross(p: Float32Array, a: number, b: number, x: number, y: number): number {
  return (p[b] - p[a]) * (y - p[a + 1]) - (p[b + 1] - p[a + 1]) * (x - p[a]);
}
