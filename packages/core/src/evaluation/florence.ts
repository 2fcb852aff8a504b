/**
 * The MICC Florence protocol of GANFIT (Gecer et al., CVPR 2019), as its authors coded it (registration and evaluation
 * scripts of their repository). What its figures mean follows from how they are made:
 *
 * - the truth is not the scan but the template bent onto it (a smoothed scan), in the template's scale, so its millimetre is
 *   the template's;
 * - the prediction shares the template's topology, and should be at its scale: the first direction's distances are in the
 *   prediction's millimetres, and the crop of the second is cut from the prediction;
 * - alignment has a free scale and moves the vertices that are measured; distances are vertex to surface (called
 *   point-to-plane there), both directions averaged, and the better of a person's two scans counts.
 *
 * The variant of Genova and of Deng on the same data is in `florence-plane.ts`.
 */
import { alignPoints, createSurfaceTree, nonRigidIcp, transformPoints } from '../geometry/index.ts';
import { vertexErrors } from './error-statistics.ts';
import type {
  FlorenceDirection,
  FlorenceRegistration,
  FlorenceResult,
  FlorenceTemplate,
  Points,
  SurfaceMesh,
} from './types.ts';

export interface FlorenceOptions {
  /** Vertices farther from the nose tip (landmark 30) are not measured. */
  readonly radiusMm?: number;
}

export const FLORENCE_DEFAULTS: { readonly radiusMm: number } = { radiusMm: 95 };

export interface FlorenceRegistrationOptions {
  /**
   * Leave out pairs at the scan's border. GANFIT's authors do not, which suits a template that ends within the scan; one that
   * reaches beyond it (the back of a head) is otherwise dragged onto the border, several mm off in the face.
   */
  readonly rejectBorder?: boolean;
}

export const FLORENCE_REGISTRATION_DEFAULTS: { readonly rejectBorder: boolean } = { rejectBorder: false };

/** GANFIT's crop: 95 mm, but 60 mm for subject 28, whose scans are cut short. */
export function florenceRadiusMm(subject: number): number {
  return subject === 28 ? 60 : 95;
}

/** The loop stops when an iteration gains no more than this. */
const LEAST_GAIN_MM = 0.001;
const NOSE_TIP = 30;

/**
 * Step 1: the scan becomes the template's vertices (68-landmark similarity, then non-rigid ICP with menpo3d's schedule; pairs are
 * dropped by normals only, as there, unless the options say otherwise).
 *
 * @param scanLandmarks [68, 3] in the scan's frame and unit, iBUG order
 */
export function registerFlorenceScan(
  scan: SurfaceMesh,
  scanLandmarks: Points,
  template: FlorenceTemplate,
  options: FlorenceRegistrationOptions = {},
): FlorenceRegistration {
  const templateLandmarks = landmarksOf(template.mesh.positions, template.landmarkIds);
  if (scanLandmarks.length !== templateLandmarks.length)
    throw new RangeError(
      `registerFlorenceScan: expected 68 landmarks [68, 3], received ${scanLandmarks.length} numbers.`,
    );
  const similarity = alignPoints(scanLandmarks, templateLandmarks);
  const target = {
    positions: transformPoints(Float64Array.from(scan.positions), similarity),
    triangles: scan.triangles,
  };
  const landmarks = transformPoints(Float64Array.from(scanLandmarks), similarity);
  const start = transformPoints(
    Float64Array.from(template.mesh.positions),
    alignPoints(templateLandmarks, landmarks),
  );
  const { positions } = nonRigidIcp({ positions: start, triangles: template.mesh.triangles }, target, {
    landmarks: { vertices: template.landmarkIds, targets: landmarks },
    rejectBorder: options.rejectBorder ?? FLORENCE_REGISTRATION_DEFAULTS.rejectBorder,
    maxIterationsPerStage: 100,
  });
  return { positions, landmarks, similarity };
}

/**
 * Steps 2 to 5 for one person and setting.
 *
 * @param registrations of the person's one or two scans
 * @param prediction [V, 3] mm, vertices of the template
 */
export function evaluateFlorence(
  registrations: readonly FlorenceRegistration[],
  prediction: Points,
  template: FlorenceTemplate,
  options: FlorenceOptions = {},
): FlorenceResult {
  const radiusMm = options.radiusMm ?? FLORENCE_DEFAULTS.radiusMm;
  const { triangles } = template.mesh;
  const size = template.mesh.positions.length;
  if (registrations.length === 0) throw new RangeError('evaluateFlorence: no registered scan was given.');
  for (const points of [prediction, ...registrations.map((r) => r.positions)])
    if (points.length !== size)
      throw new RangeError(
        `evaluateFlorence: everything must have the template's ${size / 3} vertices, received ${points.length / 3}.`,
      );
  const predicted = Float64Array.from(prediction);
  const predictedTip = landmarksOf(predicted, template.landmarkIds).subarray(NOSE_TIP * 3, NOSE_TIP * 3 + 3);
  const scans = registrations.map(({ positions, landmarks }) => {
    const tip = landmarks.subarray(NOSE_TIP * 3, NOSE_TIP * 3 + 3);
    const registeredToPrediction = compare(positions, tip, predicted, triangles, radiusMm);
    const predictionToRegistered = compare(predicted, predictedTip, positions, triangles, radiusMm);
    return {
      errorMm: (registeredToPrediction.statistics.meanMm + predictionToRegistered.statistics.meanMm) / 2,
      registeredToPrediction,
      predictionToRegistered,
    };
  });
  let best = 0;
  for (const [i, scan] of scans.entries()) if (scan.errorMm < scans[best].errorMm) best = i;
  return { errorMm: scans[best].errorMm, best, scans };
}

/** Moves the cropped vertices of one mesh onto the other's surface, first by correspondence, then by closest points. */
function compare(
  moving: Float64Array,
  tip: ArrayLike<number>,
  target: Float64Array,
  triangles: Uint32Array,
  radiusMm: number,
): FlorenceDirection {
  const cropped: number[] = [];
  for (let v = 0; v < moving.length / 3; v++)
    if (Math.hypot(moving[v * 3] - tip[0], moving[v * 3 + 1] - tip[1], moving[v * 3 + 2] - tip[2]) < radiusMm)
      cropped.push(v);
  if (cropped.length < 3)
    throw new RangeError(
      `evaluateFlorence: ${cropped.length} vertices lie within ${radiusMm} mm of the nose tip: are both meshes in mm?`,
    );
  const vertices = Uint32Array.from(cropped);
  let points = pick(moving, vertices);
  let partners = pick(target, vertices);
  const tree = createSurfaceTree(target, triangles);
  let errors = distances(points, partners);
  let before = Infinity;
  let now = mean(errors);
  let iterations = 0;
  // As coded: the last iteration counts, even where it is a touch worse than the one before.
  while (before - now > LEAST_GAIN_MM) {
    points = transformPoints(points, alignPoints(points, partners));
    partners = tree.closestPoints(points).points;
    errors = distances(points, partners);
    before = now;
    now = mean(errors);
    iterations++;
  }
  return { ...vertexErrors(vertices, errors), iterations };
}

function landmarksOf(positions: ArrayLike<number>, ids: ArrayLike<number>): Float64Array {
  if (ids.length !== 68)
    throw new RangeError(`A Florence template needs 68 landmark vertices, received ${ids.length}.`);
  const out = new Float64Array(68 * 3);
  for (let l = 0; l < 68; l++) {
    if (!(ids[l] >= 0 && ids[l] < positions.length / 3))
      throw new RangeError(
        `Landmark ${l} of the template names vertex ${ids[l]}, but it has ${positions.length / 3} vertices.`,
      );
    for (let c = 0; c < 3; c++) out[l * 3 + c] = positions[ids[l] * 3 + c];
  }
  return out;
}

function pick(positions: Float64Array, vertices: Uint32Array): Float64Array {
  const out = new Float64Array(vertices.length * 3);
  for (const [i, v] of vertices.entries()) for (let c = 0; c < 3; c++) out[i * 3 + c] = positions[v * 3 + c];
  return out;
}

function distances(a: Float64Array, b: Float64Array): Float64Array {
  return Float64Array.from({ length: a.length / 3 }, (_, i) =>
    Math.hypot(a[i * 3] - b[i * 3], a[i * 3 + 1] - b[i * 3 + 1], a[i * 3 + 2] - b[i * 3 + 2]),
  );
}

function mean(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
