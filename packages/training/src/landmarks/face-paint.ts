/**
 * A painted face for landmarkers: a bare grey mesh has no brows, lips, irises or lashes, which is what they look for.
 * Colours are a function of the place on the mean head, evaluated per pixel, so they are crisp on any mesh and move with
 * identity and expression.
 */
import { landmarkPositions } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';

/** Linear RGB 0..1. */
export type Colour = readonly [number, number, number];

export interface FaceColours {
  readonly skin: Colour;
  readonly lips: Colour;
  readonly brows: Colour;
  readonly iris: Colour;
  /** Hair on the scalp; absent for a bald head. */
  readonly hair?: Colour;
}

export interface FacePaint {
  /** Linear RGB albedo of the point (x, y, z) of the mean head, in mm, on part `part`, written to `out`. */
  colourAt(part: number, x: number, y: number, z: number, colours: FaceColours, out: Float32Array): void;
  /** Parts that are drawn; see-through sheets (lashes, tear film) are not. */
  readonly drawn: readonly boolean[];
}

const HIDDEN = /^(eyelashes|lacrimal|eye_blend|eye_occlusion)/;
const SCLERA: Colour = [0.72, 0.68, 0.65];
const MOUTH: Colour = [0.1, 0.02, 0.02];
const GUMS: Colour = [0.3, 0.08, 0.07];
const TEETH: Colour = [0.7, 0.65, 0.55];
const PUPIL: Colour = [0.01, 0.01, 0.01];
const IRIS_RADIUS_MM = 5.85;
const PUPIL_RADIUS_MM = 1.9;
const LASH_WIDTH_MM = 1.6;
const BROW_HALF_HEIGHT_MM = 4;
/** iBUG indices: brows, outer lips. */
const BROWS = [
  [17, 18, 19, 20, 21],
  [22, 23, 24, 25, 26],
];
const OUTER_LIPS = Array.from({ length: 12 }, (_, i) => 48 + i);
const NOSTRIL_WINGS = [
  [31, 33],
  [35, 33],
];

/** @throws RangeError when the model has no `ibug68` embedding: lips and brows are found from it. */
export function createFacePaint(model: MorphableModel): FacePaint {
  const embedding = model.landmarks['ibug68'];
  if (!embedding) throw new RangeError(`createFacePaint: ${model.name} has no ibug68 landmark embedding.`);
  const marks = landmarkPositions(model, embedding, model.mean);
  const point = (i: number): [number, number] => [marks[i * 3], marks[i * 3 + 1]];
  const lips = OUTER_LIPS.map(point);
  // The landmarks run along the upper edge of a brow; its body hangs below.
  const brows = BROWS.map((line) => line.map((i): [number, number] => [point(i)[0], point(i)[1] - 2]));
  const nostrils = NOSTRIL_WINGS.map(([wing, base]): [number, number, number] => [
    0.55 * marks[wing * 3] + 0.45 * marks[base * 3],
    0.55 * marks[wing * 3 + 1] + 0.45 * marks[base * 3 + 1] + 2.5,
    0.55 * marks[wing * 3 + 2] + 0.45 * marks[base * 3 + 2] + 3,
  ]);
  const mouthY = point(66)[1];
  const lids = ['eyelid_left', 'eyelid_right'].map((name) => loopPoints(model, name));
  // Outside these boxes the distances below are too large to paint anything, and most of a head lies outside.
  const lipBox = boundingBox(lips, 1);
  const browBoxes = brows.map((line) => boundingBox(line, BROW_HALF_HEIGHT_MM));
  const lidBoxes = lids.map((lid) => boundingBox(lid, LASH_WIDTH_MM));
  const lipDepth = marks[48 * 3 + 2] - 6;
  const browDepth = marks[17 * 3 + 2] - 15;
  const kinds = model.parts.map(({ name }) => name);
  const pupils = model.parts.map((part) =>
    part.name.startsWith('eyeball') ? foremost(model, part) : undefined,
  );

  const skinAt = (x: number, y: number, z: number, colours: FaceColours, out: Float32Array): void => {
    out.set(colours.skin);
    // Cheeks, nose and chin are redder than the forehead.
    out[0] *= y < 15 ? 1.04 : 1;
    if (
      colours.hair &&
      y > 22 + 0.93 * Math.max(z, 0) + 1.3 * Math.min(z, 0) &&
      Math.abs(x) < 85 &&
      (z < 35 || y > 70)
    )
      out.set(colours.hair);
    if (z > lipDepth && inBox(lipBox, x, y)) {
      const inside = signedDistance(lips, x, y);
      if (inside > -1) blend(out, colours.lips, (inside + 1) / 1.5);
      // The line where the lips meet.
      const line = inside > 1 ? 1 - Math.abs(y - mouthY) / 1.2 : 0;
      if (line > 0 && !model.loops['lips_inner']) blend(out, MOUTH, line);
    }
    if (z > browDepth)
      for (const [i, brow] of brows.entries()) {
        if (!inBox(browBoxes[i], x, y)) continue;
        const d = lineDistance(brow, x, y);
        if (d < BROW_HALF_HEIGHT_MM) blend(out, colours.brows, (0.85 * (BROW_HALF_HEIGHT_MM - d)) / 2);
      }
    for (const [i, lid] of lids.entries()) {
      if (!inBox(lidBoxes[i], x, y)) continue;
      const d = nearest(lid, x, y, z);
      if (d < LASH_WIDTH_MM) blend(out, colours.brows, 1.2 * (1 - d / LASH_WIDTH_MM));
    }
    for (const [nx, ny, nz] of nostrils) {
      const d = Math.hypot((x - nx) / 1.3, y - ny, (z - nz) / 1.6);
      if (d < 3.2) blend(out, MOUTH, 3.2 - d);
    }
  };

  const eyeAt = (
    part: number,
    x: number,
    y: number,
    z: number,
    colours: FaceColours,
    out: Float32Array,
  ): void => {
    out.set(SCLERA);
    const [px, py, pz] = pupils[part]!;
    const d = Math.hypot(x - px, y - py);
    if (z < pz - 8) return;
    blend(out, colours.iris, (IRIS_RADIUS_MM - d) / 0.6);
    blend(out, PUPIL, (PUPIL_RADIUS_MM - d) / 0.5);
  };

  return {
    drawn: kinds.map((name) => !HIDDEN.test(name)),
    colourAt: (part, x, y, z, colours, out) => {
      const kind = kinds[part];
      if (kind === 'skin') skinAt(x, y, z, colours, out);
      else if (kind.startsWith('eyeball')) eyeAt(part, x, y, z, colours, out);
      else if (kind.startsWith('eye_socket')) out.set(colours.lips);
      else if (kind === 'teeth') out.set(TEETH);
      else out.set(kind.startsWith('gums') ? GUMS : MOUTH);
    },
  };
}

function blend(out: Float32Array, colour: Colour, weight: number): void {
  const w = Math.min(1, Math.max(0, weight));
  for (let c = 0; c < 3; c++) out[c] += w * (colour[c] - out[c]);
}

function loopPoints({ mean, loops }: MorphableModel, name: string): number[][] {
  return Array.from(loops[name] ?? [], (v) => [mean[v * 3], mean[v * 3 + 1], mean[v * 3 + 2]]);
}

function foremost({ mean }: MorphableModel, part: { vertexStart: number; vertexCount: number }): number[] {
  let best = part.vertexStart;
  for (let v = best; v < part.vertexStart + part.vertexCount; v++)
    if (mean[v * 3 + 2] > mean[best * 3 + 2]) best = v;
  return [mean[best * 3], mean[best * 3 + 1], mean[best * 3 + 2]];
}

/** [left, right, bottom, top] of points in the XY plane, grown by `margin`. */
function boundingBox(
  points: readonly (readonly number[])[],
  margin: number,
): readonly [number, number, number, number] {
  const box: [number, number, number, number] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of points) {
    box[0] = Math.min(box[0], x - margin);
    box[1] = Math.max(box[1], x + margin);
    box[2] = Math.min(box[2], y - margin);
    box[3] = Math.max(box[3], y + margin);
  }
  return box;
}

function inBox(box: readonly [number, number, number, number], x: number, y: number): boolean {
  return x > box[0] && x < box[1] && y > box[2] && y < box[3];
}

function nearest(points: readonly (readonly number[])[], x: number, y: number, z: number): number {
  let best = Infinity;
  for (const [px, py, pz] of points) {
    const d = (px - x) ** 2 + (py - y) ** 2 + (pz - z) ** 2;
    if (d < best) best = d;
  }
  return Math.sqrt(best);
}

function segmentDistance(a: readonly number[], b: readonly number[], x: number, y: number): number {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const t = Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - a[0] - t * dx, y - a[1] - t * dy);
}

function lineDistance(line: readonly (readonly number[])[], x: number, y: number): number {
  let best = Infinity;
  for (let i = 1; i < line.length; i++) best = Math.min(best, segmentDistance(line[i - 1], line[i], x, y));
  return best;
}

/** Distance to a closed polygon's edge in the XY plane, positive inside. */
function signedDistance(polygon: readonly (readonly number[])[], x: number, y: number): number {
  let inside = false;
  let best = Infinity;
  for (let i = 0; i < polygon.length; i++) {
    const a = polygon[i];
    const b = polygon[(i + 1) % polygon.length];
    best = Math.min(best, segmentDistance(a, b, x, y));
    if (a[1] > y !== b[1] > y && x < a[0] + ((y - a[1]) / (b[1] - a[1])) * (b[0] - a[0])) inside = !inside;
  }
  return inside ? best : -best;
}
