/**
 * Ready-made albedo maps in another head's chart (FFHQ-UV's, for one) as maps of our data set: resampled texel by texel where the
 * charts correspond, completed elsewhere with the template's skin in the map's own tone.
 */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { parseObj } from '@likeness/core/geometry';
import { halve, SRGB8_TO_LINEAR, linearToSrgb8, type Image } from '@likeness/core/image';
import type { MorphableModel } from '@likeness/core/model';
import { pullPush, uvChart } from '@likeness/core/texture';
import { decodePhoto, encodePng } from '@likeness/node';
import { createAnalyserLocate } from '../landmarks/index.ts';
import type { TextureMap } from './build-maps.ts';
import { foreignChart, type ChartedMesh, type Correspondences, type ForeignChart } from './foreign-chart.ts';
import type { Split } from './texture-photos.ts';

export interface ForeignMaps {
  /** Folder of pictures, one person each; the file's name is the person. */
  readonly folder: string;
  /** OBJ mesh whose texture coordinates say what the pictures show. */
  readonly mesh: string;
  /** JSON file of `Correspondences`; found by the landmarker where absent. */
  readonly landmarks?: string | undefined;
}

export interface ResampleMapsOptions extends ForeignMaps {
  /** Folder of the data set. */
  readonly out: string;
  readonly model: MorphableModel;
  /** Skin for what the other chart does not show (sRGB8, in the model's chart). */
  readonly templateSkin?: Image | undefined;
  readonly size: number;
  /** Who is held out. */
  readonly splitOf: (person: string) => Split;
  readonly onProgress?: ((done: number, of: number, id: string) => void) | undefined;
}

export interface ResampledMaps {
  readonly maps: readonly TextureMap[];
  readonly left: readonly { readonly id: string; readonly why: string }[];
  readonly chart: ForeignChart | undefined;
}

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp']);

/** Names of the people in a folder of maps, sorted. @throws Error where there are none */
export async function foreignPeople(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const people = names
    .filter((name) => PICTURES.has(extname(name).toLowerCase()))
    .map((name) => basename(name, extname(name)))
    .toSorted();
  if (people.length === 0) throw new Error(`train texture: ${folder} holds no texture maps.`);
  return people;
}

/** @throws Error in one sentence: a mesh without texture coordinates, no face on it */
export async function resampleMaps(options: ResampleMapsOptions): Promise<ResampledMaps> {
  const { folder, out, model, size } = options;
  const files = (await readdir(folder))
    .filter((name) => PICTURES.has(extname(name).toLowerCase()))
    .toSorted();
  for (const name of ['albedo', 'confidence', 'records']) await mkdir(join(out, name), { recursive: true });
  const maps: TextureMap[] = [];
  const left: { id: string; why: string }[] = [];
  const key = { size, model: { name: model.name, version: model.version }, mesh: basename(options.mesh) };
  let chart: ForeignChart | undefined;
  for (const [index, file] of files.entries()) {
    const person = basename(file, extname(file));
    const id = `uv-${person}`;
    options.onProgress?.(index, files.length, id);
    const record = join(out, 'records', `${id}.json`);
    const known = await readRecord(record, key);
    if (known) {
      maps.push({ ...known, split: options.splitOf(person) });
      continue;
    }
    let picture: Image;
    try {
      picture = await decodePhoto(join(folder, file));
    } catch (error) {
      left.push({ id, why: (error as Error).message });
      continue;
    }
    chart ??= await chartOf(options, picture);
    const { albedo, tone, seen } = resampleMap(model, chart, picture, options.templateSkin);
    const map: TextureMap = {
      id,
      person: id,
      split: options.splitOf(person),
      albedo: join('albedo', `${id}.png`),
      confidence: join('confidence', `${id}.png`),
      skinTone: tone,
      faceSeen: Math.round(1000 * seen) / 1000,
    };
    await writeWhole(join(out, map.albedo), await encodePng(albedo));
    await writeWhole(join(out, map.confidence), await encodePng(eightBit(chart)));
    await writeWhole(record, `${JSON.stringify({ ...key, record: map })}\n`);
    maps.push(map);
  }
  options.onProgress?.(files.length, files.length, '');
  return { maps, left, chart };
}

async function chartOf(
  { mesh, landmarks, model, size }: ResampleMapsOptions,
  texture: Image,
): Promise<ForeignChart> {
  const text = await readFile(mesh, 'utf8').catch(() => {
    throw new Error(`train texture: the mesh ${mesh} cannot be read: check the name.`);
  });
  let parsed;
  try {
    parsed = parseObj(text, mesh);
  } catch (error) {
    throw new Error(`train texture: ${(error as Error).message}`, { cause: error });
  }
  const { uvs, uvTriangles } = parsed;
  if (!uvs || !uvTriangles)
    throw new Error(
      `train texture: the mesh ${mesh} has no texture coordinates at its corners, so nothing says what the maps show.`,
    );
  const charted: ChartedMesh = { ...parsed, uvs, uvTriangles };
  if (landmarks !== undefined)
    return foreignChart(model, charted, { size, correspondences: await readCorrespondences(landmarks) });
  await using analyser = await createAnalyserLocate();
  // Awaited here: the analyser lives as long as this block.
  return await foreignChart(model, charted, { size, texture, locate: analyser.locate });
}

async function readCorrespondences(path: string): Promise<Correspondences> {
  let json: Partial<Correspondences>;
  try {
    json = JSON.parse(await readFile(path, 'utf8')) as Partial<Correspondences>;
  } catch (error) {
    throw new Error(`train texture: the correspondences ${path} cannot be read as JSON.`, { cause: error });
  }
  const { embedding = 'ibug68', landmarks, vertices } = json;
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((value) => Number.isInteger(value));
  if (!whole(landmarks) || !whole(vertices))
    throw new Error(
      `train texture: the correspondences ${path} need "landmarks" and "vertices", two lists of whole numbers.`,
    );
  return { embedding, landmarks, vertices };
}

/** One map in our chart. @returns sRGB8 albedo, median tone (linear RGB), share of the face that corresponds */
export function resampleMap(
  model: MorphableModel,
  chart: ForeignChart,
  picture: Image,
  templateSkin?: Image,
): { readonly albedo: Image; readonly tone: readonly [number, number, number]; readonly seen: number } {
  const { size, uv, confidence } = chart;
  const plane = size * size;
  const source = atOurResolution(chart, picture);
  const sampled = new Float32Array(plane * 3);
  for (let i = 0; i < plane; i++)
    if (confidence[i] > 0) bilinear(source, uv[i * 2], uv[i * 2 + 1], sampled, i * 3);
  const tone = medianTone(sampled, confidence);
  const plain = templateSkin ? resized(templateSkin, size) : even(tone, plane);
  // What is missing: the template, by the smooth ratio to it of what is known around.
  const ratio = new Float32Array(plane * 3);
  for (let i = 0; i < plane; i++)
    if (confidence[i] > 0)
      for (let c = 0; c < 3; c++)
        ratio[i * 3 + c] = Math.log(Math.max(sampled[i * 3 + c], DARK) / Math.max(plain[i * 3 + c], DARK));
  pullPush(ratio, confidence, size, size, 3);
  const data = new Uint8Array(plane * 3);
  const { part, padding, triangleIds } = uvChart(model, size);
  const skin = model.parts.findIndex(({ name }) => name === 'skin');
  const face = Object.hasOwn(model.regions, 'face') ? model.regions['face'] : undefined;
  let [known, all] = [0, 0];
  for (let i = 0; i < plane; i++) {
    // A gap takes after the island it pads; eyes and mouth stay the template's.
    const at = triangleIds[i] >= 0 ? i : padding[i];
    const ours = at < 0 || skin < 0 || part[at] === skin;
    const w = confidence[i];
    for (let c = 0; c < 3; c++) {
      const filled = ours ? plain[i * 3 + c] * Math.exp(ratio[i * 3 + c]) : plain[i * 3 + c];
      data[i * 3 + c] = linearToSrgb8(w * sampled[i * 3 + c] + (1 - w) * filled);
    }
    if (!face || triangleIds[i] < 0) continue;
    const weight = face[model.triangles[triangleIds[i] * 3]];
    all += weight;
    known += weight * w;
  }
  return {
    albedo: { width: size, height: size, channels: 3, data },
    tone,
    seen: all > 0 ? known / all : 0,
  };
}

const DARK = 1e-3;
/** Texels looked at for the tone: each so many-th. */
const TONE_STEP = 7;

function medianTone(sampled: Float32Array, confidence: Float32Array): [number, number, number] {
  const values: number[][] = [[], [], []];
  for (let i = 0; i < confidence.length; i += TONE_STEP)
    if (confidence[i] > 0.9) for (let c = 0; c < 3; c++) values[c].push(sampled[i * 3 + c]);
  const [red, green, blue] = values.map((list) => list.toSorted((a, b) => a - b).at(list.length >> 1) ?? 0.4);
  return [red, green, blue];
}

function even(tone: readonly number[], texels: number): Float32Array {
  return Float32Array.from({ length: texels * 3 }, (_, i) => tone[i % 3]);
}

/** Linear RGB of a picture at another size. */
function resized(picture: Image, size: number): Float32Array {
  const out = new Float32Array(size * size * 3);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      bilinear(picture, (x + 0.5) / size, (y + 0.5) / size, out, (y * size + x) * 3);
  return out;
}

/** The picture halved until one of its texels is about as large as one of ours: bilinear lookups would skip the rest. */
function atOurResolution({ size, uv, confidence }: ForeignChart, picture: Image): Image {
  const ratios: number[] = [];
  for (let i = 0; i + 1 < confidence.length; i += 11) {
    if (confidence[i] < 0.9 || confidence[i + 1] < 0.9 || (i + 1) % size === 0) continue;
    ratios.push(
      Math.hypot(
        (uv[i * 2 + 2] - uv[i * 2]) * picture.width,
        (uv[i * 2 + 3] - uv[i * 2 + 1]) * picture.height,
      ),
    );
  }
  let ratio = ratios.toSorted((a, b) => a - b).at(ratios.length >> 1) ?? 1;
  let out = picture;
  for (; ratio > 1.5 && Math.min(out.width, out.height) > 2; ratio /= 2) out = halve(out);
  return out;
}

/** Linear RGB at a place 0..1, borders repeat. */
function bilinear(
  { width, height, channels, data }: Image,
  u: number,
  v: number,
  out: Float32Array,
  at: number,
): void {
  const x = Math.min(Math.max(u * width - 0.5, 0), width - 1);
  const y = Math.min(Math.max(v * height - 0.5, 0), height - 1);
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - x0, y - y0];
  const right = x0 + 1 < width ? channels : 0;
  const down = y0 + 1 < height ? width * channels : 0;
  const first = (y0 * width + x0) * channels;
  for (let c = 0; c < 3; c++) {
    const i = first + (channels < 3 ? 0 : c);
    out[at + c] =
      (1 - fy) * ((1 - fx) * SRGB8_TO_LINEAR[data[i]] + fx * SRGB8_TO_LINEAR[data[i + right]]) +
      fy * ((1 - fx) * SRGB8_TO_LINEAR[data[i + down]] + fx * SRGB8_TO_LINEAR[data[i + right + down]]);
  }
}

function eightBit({ size, confidence }: ForeignChart): Image {
  return {
    width: size,
    height: size,
    channels: 1,
    data: Uint8Array.from(confidence, (x) => Math.round(255 * x)),
  };
}

/** A record made with the same size, model and mesh; anything else is made again. */
async function readRecord(file: string, key: object): Promise<TextureMap | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { record, ...made } = JSON.parse(text) as { readonly record: TextureMap };
  return JSON.stringify(made) === JSON.stringify(key) ? record : undefined;
}

/** Under a passing name first: a stopped run leaves no half file. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}
