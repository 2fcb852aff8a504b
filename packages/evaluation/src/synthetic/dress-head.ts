/**
 * What stands with the head in the picture: hair with volume, shoulders, and what gets in the way (a fringe, glasses, a hand).
 * Everything is geometry in the head's frame, so that it turns, shades and hides as it would; its colours lie in rows below the
 * head's own albedo.
 */
import { vertexNormals } from '@likeness/core/geometry';
import { linearToSrgb8 } from '@likeness/core/image';
import type { Image } from '@likeness/core/image';
import { landmarkPositions } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import type { RenderSurface } from '@likeness/core/render';
import type { Colour } from '@likeness/training/landmarks';
import { createRandom } from '@likeness/training/shape';
import type { SyntheticSetup } from './sample-setup.ts';

export interface DressedHead {
  readonly surface: RenderSurface;
  /** [V', 3] mm, head frame; the head's own vertices come first. */
  readonly positions: Float32Array;
  readonly albedo: Image;
}

/** Rows of colour cells under the albedo. */
const BAND_PX = 32;
/** Cells of the band, left to right. */
const CELLS = ['hair', 'clothes', 'skin', 'frame'] as const;
type Cell = (typeof CELLS)[number];

interface Pieces {
  readonly positions: number[];
  readonly triangles: number[];
  readonly uvs: number[];
}

/**
 * @param positions [V, 3] the truth with its expression
 * @param albedo of the head alone
 */
export function dressHead(
  model: MorphableModel,
  positions: Float32Array,
  albedo: Image,
  setup: SyntheticSetup,
): DressedHead {
  const random = createRandom(setup.skin.seed + 1);
  const pieces: Pieces = { positions: [], triangles: [], uvs: [] };
  const marks = landmarkPositions(model, model.landmarks['ibug68'], positions);
  if (setup.hair || setup.occluder === 'fringe') addHair(pieces, model, positions, setup, random.normal());
  if (setup.occluder === 'glasses') addGlasses(pieces, marks, random);
  if (setup.occluder === 'hand') addHand(pieces, marks, random);
  addShoulders(pieces, model, positions);

  const height = albedo.height + BAND_PX;
  const data = new Uint8Array(albedo.width * height * 3);
  data.set(albedo.data);
  const colours: Record<Cell, Colour> = {
    hair: setup.skin.hairColour,
    clothes: setup.clothes,
    skin: setup.skin.skin,
    frame: [0.02, 0.018, 0.016],
  };
  const cellPx = albedo.width / CELLS.length;
  for (let row = albedo.height; row < height; row++)
    for (let column = 0; column < albedo.width; column++) {
      const cell = CELLS[Math.min(CELLS.length - 1, Math.floor(column / cellPx))];
      // Strands: streaks along the rows' direction.
      const streak = cell === 'hair' ? Math.exp(0.35 * Math.sin(column * 1.7) * Math.sin(column * 0.31)) : 1;
      for (let c = 0; c < 3; c++)
        data[(row * albedo.width + column) * 3 + c] = linearToSrgb8(colours[cell][c] * streak);
    }
  const share = albedo.height / height;
  const headUvs = model.uvs.length / 2;
  const uvs = new Float32Array(model.uvs.length + pieces.uvs.length);
  for (let i = 0; i < headUvs; i++) {
    uvs[i * 2] = model.uvs[i * 2];
    uvs[i * 2 + 1] = model.uvs[i * 2 + 1] * share;
  }
  // A piece's uv is (cell + place in it, 0..1 down the band).
  for (let i = 0; i < pieces.uvs.length; i += 2) {
    const cell = Math.floor(pieces.uvs[i]);
    uvs[model.uvs.length + i] = (cell + 0.1 + 0.8 * (pieces.uvs[i] - cell)) / CELLS.length;
    uvs[model.uvs.length + i + 1] = share + (1 - share) * (0.2 + 0.6 * pieces.uvs[i + 1]);
  }
  return {
    surface: {
      triangles: concat(model.triangles, pieces.triangles, model.vertexCount),
      uvs,
      uvTriangles: concat(model.uvTriangles, pieces.triangles, headUvs),
    },
    positions: joined(positions, pieces.positions),
    albedo: { width: albedo.width, height, channels: 3, data },
  };
}

function joined(own: Float32Array, added: readonly number[]): Float32Array {
  const out = new Float32Array(own.length + added.length);
  out.set(own);
  out.set(added, own.length);
  return out;
}

function concat(own: Uint32Array, added: readonly number[], start: number): Uint32Array {
  const out = new Uint32Array(own.length + added.length);
  out.set(own);
  for (let i = 0; i < added.length; i++) out[own.length + i] = added[i] + start;
  return out;
}

/** A copy of the scalp's skin, grown along its normals; a fringe reaches down to the brows. */
function addHair(
  pieces: Pieces,
  model: MorphableModel,
  positions: Float32Array,
  setup: SyntheticSetup,
  style: number,
): void {
  const skin = model.parts[0];
  const mean = model.mean;
  const normals = vertexNormals(positions, model.triangles);
  const marks = landmarkPositions(model, model.landmarks['ibug68'], mean);
  const browY = (marks[19 * 3 + 1] + marks[24 * 3 + 1]) / 2;
  const crownY = Math.max(...Array.from({ length: skin.vertexCount }, (_, v) => mean[v * 3 + 1]));
  const fringe = setup.occluder === 'fringe';
  const long = style > 0.3;
  const phase = setup.skin.seed % 7;
  /** How far inside the hair a place of the mean head lies, mm. */
  const depth = (x: number, y: number, z: number): number => {
    const wave = 3 * Math.sin(x * 0.23 + phase) + 2 * Math.sin(x * 0.61 + 2 * phase);
    const line = fringe
      ? browY + 4 + wave + 0.012 * x * x * 0.3
      : browY + 0.62 * (crownY - browY) - 0.0025 * x * x + wave * 0.4;
    const front = y - line;
    const side = long ? Math.min(y + 75, 14 - z) : Math.min(y - 2, 20 - z);
    return Math.max(z > 25 ? front : -1e9, z <= 25 ? Math.max(side, y - browY - 25) : -1e9);
  };
  const ears = model.regions['ears'];
  const map = new Map<number, number>();
  const take = (v: number): number => {
    const found = map.get(v);
    if (found !== undefined) return found;
    const inside = depth(mean[v * 3], mean[v * 3 + 1], mean[v * 3 + 2]);
    const grow = Math.min(long ? 16 : 9, 1.5 + 0.8 * Math.max(0, inside));
    const index = pieces.positions.length / 3;
    for (let c = 0; c < 3; c++) pieces.positions.push(positions[v * 3 + c] + grow * normals[v * 3 + c]);
    pieces.uvs.push(Math.abs((mean[v * 3] * 0.013 + 10) % 1), Math.abs((mean[v * 3 + 1] * 0.01 + 10) % 1));
    map.set(v, index);
    return index;
  };
  for (let t = skin.triangleStart; t < skin.triangleStart + skin.triangleCount; t++) {
    const corners = [0, 1, 2].map((k) => model.triangles[t * 3 + k]);
    const [x, y, z] = [0, 1, 2].map((c) => corners.reduce((sum, v) => sum + mean[v * 3 + c] / 3, 0));
    const onEar = ears !== undefined && corners.some((v) => ears[v] > 0.4);
    if (!onEar && depth(x, y, z) > 0) pieces.triangles.push(...corners.map(take));
  }
}

function addGlasses(
  pieces: Pieces,
  marks: Float32Array,
  random: { between(a: number, b: number): number },
): void {
  const mid = (a: number, b: number): number[] =>
    [0, 1, 2].map((c) => (marks[a * 3 + c] + marks[b * 3 + c]) / 2);
  const eyes = [mid(36, 39), mid(42, 45)];
  const width = random.between(24, 29);
  const height = random.between(15, 23);
  const bar = random.between(2.2, 5);
  const forward = random.between(13, 17);
  const square = random.between(2, 6);
  const steps = 32;
  for (const [side, eye] of eyes.entries()) {
    const outwards = side === 0 ? -1 : 1;
    const centre = [eye[0] + outwards * 2, eye[1] - 3, eye[2] + forward];
    const start = pieces.positions.length / 3;
    for (let i = 0; i < steps; i++) {
      const angle = (2 * Math.PI * i) / steps;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      // Superellipse: from round to square frames.
      const r = (Math.abs(c) ** square + Math.abs(s) ** square) ** (-1 / square);
      for (const grow of [0, bar])
        pieces.positions.push(
          centre[0] + (width + grow) * r * c,
          centre[1] + (height + grow) * r * s,
          // Rims follow the face backwards at the sides.
          centre[2] - 0.006 * ((width + grow) * r * c + outwards * 20) ** 2,
        );
      for (let k = 0; k < 2; k++) pieces.uvs.push(3.5, 0.5);
      const a = start + 2 * i;
      const b = start + 2 * ((i + 1) % steps);
      pieces.triangles.push(a, a + 1, b + 1, a, b + 1, b);
    }
    const hinge = [centre[0] + outwards * (width + bar * 0.5), centre[1] + height * 0.5, centre[2] - 14];
    box(pieces, 3, hinge, [hinge[0] + outwards * 8, hinge[1] + 2, hinge[2] - 85], bar * 0.8);
  }
  const bridge = [0, 1, 2].map((c) => (eyes[0][c] + eyes[1][c]) / 2);
  const gap = (eyes[1][0] - eyes[0][0]) / 2 - width;
  const [y, z] = [bridge[1] + 1, bridge[2] + forward];
  box(pieces, 3, [bridge[0] - gap - 3, y, z], [bridge[0] + gap + 3, y, z], bar * 0.8);
}

/** A hand held to chin, cheek or mouth's side: palm and four fingers. */
function addHand(
  pieces: Pieces,
  marks: Float32Array,
  random: { between(a: number, b: number): number; uniform(): number },
): void {
  const side = random.uniform() < 0.5 ? -1 : 1;
  const jaw = side < 0 ? 5 : 11;
  const at = [0, 1, 2].map((c) => marks[jaw * 3 + c]);
  const palm = [at[0] + side * 12, at[1] - random.between(18, 45), at[2] + 22];
  ellipsoid(pieces, 2, palm, [26, 42, 14]);
  const tilt = random.between(-0.35, 0.15) * side;
  for (let finger = 0; finger < 4; finger++) {
    const base = [palm[0] + (finger - 1.5) * 13, palm[1] + 34, palm[2] + 3];
    const length = [44, 54, 52, 40][finger];
    const tip = [base[0] + length * (tilt - 0.1 * side), base[1] + length * 0.95, base[2] + 4];
    const middle = base.map((x, c) => (x + tip[c]) / 2);
    ellipsoid(pieces, 2, middle, [7.5, length * 0.62, 8]);
  }
}

function addShoulders(pieces: Pieces, model: MorphableModel, positions: Float32Array): void {
  const neck = model.loops['neck'];
  if (neck === undefined) return;
  const centre = [0, 0, 0];
  for (const v of neck) for (let c = 0; c < 3; c++) centre[c] += positions[v * 3 + c] / neck.length;
  ellipsoid(pieces, 1, [centre[0], centre[1] - 78, centre[2] - 12], [215, 92, 105]);
  ellipsoid(pieces, 1, [centre[0], centre[1] - 200, centre[2] - 5], [190, 210, 120]);
}

function ellipsoid(pieces: Pieces, cell: number, centre: readonly number[], radii: readonly number[]): void {
  const [rings, segments] = [14, 24];
  const start = pieces.positions.length / 3;
  for (let i = 0; i <= rings; i++)
    for (let j = 0; j < segments; j++) {
      const [theta, phi] = [(Math.PI * i) / rings, (2 * Math.PI * j) / segments];
      pieces.positions.push(
        centre[0] + radii[0] * Math.sin(theta) * Math.sin(phi),
        centre[1] + radii[1] * Math.cos(theta),
        centre[2] + radii[2] * Math.sin(theta) * Math.cos(phi),
      );
      pieces.uvs.push(cell + 0.5, 0.5);
    }
  for (let i = 0; i < rings; i++)
    for (let j = 0; j < segments; j++) {
      const a = start + i * segments + j;
      const b = start + i * segments + ((j + 1) % segments);
      pieces.triangles.push(a, a + segments, b, b, a + segments, b + segments);
    }
}

/** A square bar from one point to another. */
function box(
  pieces: Pieces,
  cell: number,
  from: readonly number[],
  to: readonly number[],
  thickness: number,
): void {
  const start = pieces.positions.length / 3;
  const h = thickness / 2;
  const along = Math.abs(to[0] - from[0]) > Math.abs(to[2] - from[2]) ? 0 : 2;
  const across = along === 0 ? 2 : 0;
  for (const end of [from, to])
    for (const [a, b] of [
      [-h, -h],
      [h, -h],
      [h, h],
      [-h, h],
    ]) {
      const p = [...end];
      p[across] += a;
      p[1] += b;
      pieces.positions.push(...p);
      pieces.uvs.push(cell + 0.5, 0.5);
    }
  for (let k = 0; k < 4; k++) {
    const [a, b] = [start + k, start + ((k + 1) % 4)];
    pieces.triangles.push(a, b, b + 4, a, b + 4, a + 4);
    // Both windings: the bar is thin and may be seen from either side.
    pieces.triangles.push(b, a, a + 4, b, a + 4, b + 4);
  }
}
