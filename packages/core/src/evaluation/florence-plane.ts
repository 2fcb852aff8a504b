/**
 * The other way the MICC Florence scans are used: Genova et al. (CVPR 2018, "Unsupervised Training for 3D Morphable Model
 * Regression") and, with a root mean square, Deng et al. (CVPRW 2019, "Accurate 3D Face Reconstruction with
 * Weakly-Supervised Learning"). No template: the scan itself, cropped to 95 mm about the nose tip, isotropic ICP of the
 * prediction to it, point-to-plane distances. Their code was not published with every detail (Deng's group also cuts the
 * forehead), so this follows the papers; figures stand under their own name and never beside GANFIT's protocol.
 */
import {
  alignPoints,
  alignSurfaceToPoints,
  createSurfaceTree,
  cropSphere,
  transformPoints,
} from '../geometry/index.ts';
import type { SurfaceHits } from '../geometry/index.ts';
import { vertexErrors } from './error-statistics.ts';
import type { FlorencePlaneResult, Points, SurfaceMesh } from './types.ts';

export interface FlorencePlaneOptions {
  readonly radiusMm?: number;
}

export const FLORENCE_PLANE_DEFAULTS: { readonly radiusMm: number } = { radiusMm: 95 };

const NOSE_TIP = 30;

/**
 * @param scan mm
 * @param scanLandmarks [68, 3] in its frame
 * @param prediction any unit and pose
 * @param predictionLandmarks [68, 3] in its frame: the start of the alignment
 */
export function evaluateFlorencePlane(
  scan: SurfaceMesh,
  scanLandmarks: Points,
  prediction: SurfaceMesh,
  predictionLandmarks: Points,
  options: FlorencePlaneOptions = {},
): FlorencePlaneResult {
  const radiusMm = options.radiusMm ?? FLORENCE_PLANE_DEFAULTS.radiusMm;
  if (scanLandmarks.length !== 204 || predictionLandmarks.length !== 204)
    throw new RangeError(
      `evaluateFlorencePlane: expected 68 landmarks [68, 3] each, received ${scanLandmarks.length} and ${predictionLandmarks.length} numbers.`,
    );
  const tip = [0, 1, 2].map((c) => scanLandmarks[NOSE_TIP * 3 + c]);
  const face = cropSphere(scan, tip, radiusMm);
  if (face.vertices.length < 3)
    throw new RangeError(
      `evaluateFlorencePlane: ${face.vertices.length} vertices of the scan lie within ${radiusMm} mm of the nose tip: is it in mm?`,
    );
  const { similarity } = alignSurfaceToPoints(
    createSurfaceTree(prediction.positions, prediction.triangles),
    face.positions,
    { scale: 'similarity', initial: alignPoints(predictionLandmarks, scanLandmarks) },
  );
  const aligned = {
    positions: transformPoints(Float64Array.from(prediction.positions), similarity),
    triangles: prediction.triangles,
  };
  const predictedFace = cropSphere(aligned, tip, radiusMm);
  const scanToPrediction = vertexErrors(face.vertices, planeDistances(face.positions, aligned));
  const predictionToScan = vertexErrors(
    predictedFace.vertices,
    planeDistances(predictedFace.positions, {
      positions: Float64Array.from(scan.positions),
      triangles: scan.triangles,
    }),
  );
  return {
    scanToPrediction,
    predictionToScan,
    meanMm: (scanToPrediction.statistics.meanMm + predictionToScan.statistics.meanMm) / 2,
    rmseMm: scanToPrediction.statistics.rmsMm,
    similarity,
  };
}

interface PlainMesh {
  readonly positions: Float64Array;
  readonly triangles: Uint32Array;
}

/** Distance of each point from the plane of its closest triangle; of the closest point where that has no area. */
function planeDistances(points: Float64Array, { positions, triangles }: PlainMesh): Float64Array {
  const hits: SurfaceHits = createSurfaceTree(positions, triangles).closestPoints(points);
  return hits.distances.map((distance, i) => {
    const t = hits.triangles[i] * 3;
    const a = triangles[t] * 3;
    const edge = (corner: number, c: number): number =>
      positions[triangles[t + corner] * 3 + c] - positions[a + c];
    const nx = edge(1, 1) * edge(2, 2) - edge(1, 2) * edge(2, 1);
    const ny = edge(1, 2) * edge(2, 0) - edge(1, 0) * edge(2, 2);
    const nz = edge(1, 0) * edge(2, 1) - edge(1, 1) * edge(2, 0);
    const area = Math.hypot(nx, ny, nz);
    if (area === 0) return distance;
    return (
      Math.abs(
        nx * (points[i * 3] - positions[a]) +
          ny * (points[i * 3 + 1] - positions[a + 1]) +
          nz * (points[i * 3 + 2] - positions[a + 2]),
      ) / area
    );
  });
}
