/** Pictures of the texture report: samples on the head and in the chart, inversions beside the truth, the nearest training faces. */
import type { Image } from '@likeness/core/image';
import { evaluateLinearTexture } from '@likeness/core/texture';
import { encodeJpeg } from '@likeness/node';
import { unpackFloats } from '../faces/packed-floats.ts';
import type { ReportPicture } from '../report/report.ts';
import { planar, truncated, type InversionItem } from './invert-map.ts';
import { nearest } from './memorising.ts';
import { toBytes } from './texture-source.ts';
import { latentOf, type PeopleItem, type Workshop } from './texture-items.ts';
import type { SourceName } from './texture-world.ts';

export interface PictureInput {
  readonly inversions: readonly InversionItem[];
  readonly people: PeopleItem;
  /** Embeddings of the people's maps, in their order. */
  readonly faces: readonly Float32Array[];
  readonly embeddings: ReadonlyMap<SourceName, readonly Float32Array[]>;
  readonly incoherent: ReadonlyMap<SourceName, readonly number[]>;
}

const ACROSS = 8;
const DOWN = 4;
/** Pairs of a sample and its nearest training face. */
const NEAREST = 4;

export async function reportPictures(shop: Workshop, input: PictureInput): Promise<ReportPicture[]> {
  const { world } = shop;
  const out: ReportPicture[] = [];
  const add = async (caption: string, images: readonly Image[], columns: number): Promise<void> => {
    if (images.length === 0) return;
    const data = await encodeJpeg(grid(images, columns), { quality: 88 });
    out.push({ caption, mimeType: 'image/jpeg', data });
  };
  const portrait = (map: Uint8Array): Image => face(shop, world.dressed(map));
  const { maps } = world.dataset;
  const byId = new Map(maps.map((map) => [map.id, map]));
  const real = async (id: string): Promise<Uint8Array> => {
    const map = byId.get(id);
    if (!map) throw new RangeError(`There is no map ${id}.`);
    return world.albedo(map);
  };

  for (const [name, source] of world.sources) {
    const drawn = async (index: number): Promise<Uint8Array> =>
      toBytes(await source.draw(latentOf(shop, name, index)));
    const samples: Uint8Array[] = [];
    for (let i = 0; i < Math.min(ACROSS * DOWN, shop.samples); i++) samples.push(await drawn(i));
    await add(`${name}: samples on the mean head`, samples.map(portrait), ACROSS);
    await add(
      `${name}: the same samples in the chart`,
      samples.slice(0, 2 * ACROSS).map((map) => windowImage(shop, map)),
      ACROSS,
    );
    const failed = (input.incoherent.get(name) ?? []).slice(0, ACROSS);
    const pictures: Image[] = [];
    for (const index of failed) pictures.push(portrait(await drawn(index)));
    await add(`${name}: samples in which no face is found at its place`, pictures, ACROSS);

    const training = input.people.maps
      .map((map, i) => ({ ...map, i }))
      .filter(({ split }) => split === 'train');
    const gallery = training.map(({ i }) => input.faces[i]);
    const closest = (input.embeddings.get(name) ?? [])
      .map((embedding, index) => {
        const { index: to, distance } = nearest(embedding, gallery);
        return { index, to, distance };
      })
      .toSorted((a, b) => a.distance - b.distance)
      .slice(0, NEAREST);
    const pairs: Image[] = [];
    for (const { index, to } of closest)
      pairs.push(portrait(await drawn(index)), portrait(await real(training[to].id)));
    await add(
      `${name}: the samples nearest to a training face, each with that face to its right`,
      pairs,
      2 * NEAREST,
    );
  }

  const generator = world.sources.get('generator');
  const strips: Image[] = [];
  for (const item of input.inversions.slice(0, 5)) {
    const truth = await real(item.map);
    const linear = planar(evaluateLinearTexture(world.linear, unpackFloats(item.linear.latent)));
    const shown = [truth];
    if (generator && item.generator)
      shown.push(toBytes(await generator.draw(unpackFloats(item.generator.latent))));
    if (item.linearSame) {
      const latent = unpackFloats(item.linearSame.latent);
      shown.push(planar(evaluateLinearTexture(truncated(world.linear, latent.length), latent)));
    }
    shown.push(linear);
    strips.push(...shown.map(portrait), ...shown.map((map) => windowImage(shop, map)));
  }
  const columns = generator ? 8 : 4;
  await add(
    `Inversion of people who were held out, on the head and in the chart: the real map, ${generator ? 'the generator, the linear model with as many numbers, ' : ''}the linear model`,
    strips,
    columns,
  );
  return out;
}

/** The middle of the portrait, where the face is. */
function face({ world }: Workshop, dressed: Uint8Array): Image {
  const { portrait } = world;
  const pixels = portrait.render(dressed);
  const { sizePx } = portrait;
  const side = Math.round(0.64 * sizePx);
  const start = (sizePx - side) >> 1;
  const data = new Uint8Array(3 * side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < 3 * side; x++)
      data[y * 3 * side + x] = pixels[((y + start) * sizePx + start) * 3 + x] + 0.5;
  return { width: side, height: side, channels: 3, data };
}

/** The face's window at half its size. */
function windowImage({ world }: Workshop, map: Uint8Array): Image {
  const window = world.windowOf(map);
  const [height, width] = world.windowSize;
  const [h, w] = [height >> 1, width >> 1];
  const data = new Uint8Array(3 * h * w);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const at = (c * height + 2 * y) * width + 2 * x;
        data[(y * w + x) * 3 + c] =
          (window[at] + window[at + 1] + window[at + width] + window[at + width + 1]) / 4 + 0.5;
      }
  return { width: w, height: h, channels: 3, data };
}

/** Side by side, row by row, each in a cell as large as the largest. */
export function grid(images: readonly Image[], columns: number): Image {
  const across = Math.min(columns, images.length);
  const cellWidth = Math.max(...images.map(({ width }) => width));
  const cellHeight = Math.max(...images.map(({ height }) => height));
  const width = across * cellWidth;
  const height = Math.ceil(images.length / across) * cellHeight;
  const data = new Uint8Array(3 * width * height).fill(255);
  images.forEach((image, index) => {
    const left = (index % across) * cellWidth;
    const top = Math.floor(index / across) * cellHeight;
    for (let y = 0; y < image.height; y++)
      data.set(
        image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3),
        ((top + y) * width + left) * 3,
      );
  });
  return { width, height, channels: 3, data };
}
