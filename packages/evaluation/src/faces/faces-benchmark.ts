/** `likeness bench faces` as a benchmark: folders of photographs, one item a photograph. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { createAnalyser } from '@likeness/core/analysis';
import type { PresetName } from '@likeness/core/pipeline';
import { nodeRuntime } from '@likeness/graph/node';
import { openLikeness, readAnalysisNetworks, tuneCodecForCommandLine } from '@likeness/node';
import { BenchInputError } from '../bench-input-error.ts';
import type { Benchmark } from '../run/benchmark.ts';
import { openOutsideNetwork, outsideNetworkFolder } from './dlib-network.ts';
import { measurePhoto } from './measure-photo.ts';
import type { FacePhoto, PhotoResult } from './measure-photo.ts';
import { summariseFaces } from './summarise-faces.ts';

export interface FacesOptions {
  /** Folder with one folder a set, or above a folder `faces`. */
  readonly data: string;
  readonly preset?: PresetName;
  /** Only the first so many photographs of each set. */
  readonly limit?: number;
}

const PHOTO = /\.(?:jpe?g|png|webp|avif|tiff?)$/i;

/** Photographs by set, sorted by name. @throws BenchInputError where there are none */
export function listFacePhotos(data: string, limit: number = Infinity): FacePhoto[] {
  const folder = existsSync(join(data, 'faces')) ? join(data, 'faces') : data;
  if (!existsSync(folder))
    throw new BenchInputError(`The folder ${data} of --data does not exist: check the name.`);
  const sets = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .sort();
  const photos = sets.flatMap((set) =>
    readdirSync(join(folder, set))
      .filter((name) => PHOTO.test(name))
      .sort()
      .slice(0, limit)
      .map((name) => ({
        set,
        name: basename(name, extname(name)),
        path: join(folder, set, name),
      })),
  );
  if (photos.length === 0)
    throw new BenchInputError(
      `The folder ${folder} holds no photographs: expected one folder a set (such as london-neutral/001.jpg, with 001.tem beside it where people marked it).`,
    );
  return photos;
}

/** Loads the product and both networks. @throws BenchInputError where the photographs are not laid out as expected */
export async function openFacesBenchmark(options: FacesOptions): Promise<Benchmark<PhotoResult>> {
  const preset = options.preset ?? 'draft';
  const photos = listFacePhotos(options.data, options.limit);
  tuneCodecForCommandLine();
  const folder = outsideNetworkFolder();
  const [likeness, analyser, outside] = await Promise.all([
    openLikeness(),
    readAnalysisNetworks().then((networks) =>
      createAnalyser(networks, { runtime: nodeRuntime(), threads: 2 }),
    ),
    folder === undefined ? undefined : openOutsideNetwork(folder),
  ]);
  const world = { likeness, analyser, outside, preset };
  const people = readPeople(options.data);
  const byId = new Map(photos.map((photo) => [idOf(photo), photo]));
  return {
    name: 'faces',
    settings: {
      model: `${likeness.model.name} ${likeness.model.version}`,
      preset,
      photos: photos.length,
      outside: outside?.name ?? null,
    },
    items: photos.map((photo) => ({ id: idOf(photo), label: `${photo.set}/${photo.name}` })),
    notes:
      outside === undefined
        ? [
            'SKIPPED: the network outside the loss; install the npm package @vladmandic/face-api to measure it.',
          ]
        : [],
    work: (item) => {
      const photo = byId.get(item.id);
      if (photo === undefined) throw new RangeError(`There is no photograph ${item.id}.`);
      return measurePhoto(world, photo);
    },
    summarise: (results) =>
      Promise.resolve(
        summariseFaces({
          model: likeness.model,
          preset,
          outside: outside?.name,
          photos: results,
          ...(people === undefined ? {} : { people }),
        }),
      ),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([likeness.dispose(), analyser.dispose(), outside?.[Symbol.asyncDispose]()]);
    },
  };
}

/** `london_info.csv` beside the sets: id, age, gender, ethnicity. */
function readPeople(data: string): Map<string, Record<string, string>> | undefined {
  const file = ['faces', '']
    .map((folder) => join(data, folder, 'london_info.csv'))
    .find((path) => existsSync(path));
  if (file === undefined) return undefined;
  return new Map(
    readFileSync(file, 'utf8')
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line): [string, Record<string, string>] => {
        const [id, age, gender, ethnicity] = line.replaceAll('"', '').split(',');
        return [id, { age, gender, ethnicity }];
      }),
  );
}

function idOf({ set, name }: FacePhoto): string {
  return `${set}-${name}`.replaceAll(/[^\w.-]/g, '_');
}
