/** All items of the texture benchmark as figures, verdicts, tables and pictures. */
import { unpackFloats } from '../faces/packed-floats.ts';
import type { BenchmarkSummary } from '../run/benchmark.ts';
import type { ReportTable } from '../report/report.ts';
import {
  linearNumbers,
  modesOfNumbers,
  SPECTRUM_PX,
  type InversionFigures,
  type InversionItem,
} from './invert-map.ts';
import { memorising, type MemorisingResult } from './memorising.ts';
import { PATH_LENGTH_DEFAULTS, summarisePathLength, type PathLength } from './path-length.ts';
import { topOctave } from './radial-spectrum.ts';
import { reportPictures } from './texture-pictures.ts';
import type { ChunkItem, ImageSet, PathItem, PeopleItem, Workshop } from './texture-items.ts';
import type { TextureItem } from './texture-benchmark.ts';
import type { SourceName } from './texture-world.ts';

/** What the issue asks of a texture generator, and whether it holds. */
export interface Verdict {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  readonly holds: boolean;
}

interface SourceFigures {
  /** Share of samples in which the landmarker finds a face at its place. */
  readonly coherent: number;
  readonly judged: number;
  readonly incoherent: readonly number[];
  readonly landmarkError: number | undefined;
  /** Energy in the top octave relative to the real maps'. */
  readonly topOctave: number;
  readonly memorising: MemorisingResult;
  readonly pathLength: PathLength | undefined;
}

export async function summariseTexture(
  shop: Workshop,
  results: readonly TextureItem[],
): Promise<BenchmarkSummary> {
  const { world, samples } = shop;
  const of = <K extends TextureItem['kind']>(kind: K): Extract<TextureItem, { kind: K }>[] =>
    results.filter((item): item is Extract<TextureItem, { kind: K }> => item.kind === kind);
  const chunks = of('chunk');
  const levels = of('level');
  const inversions = of('inversion');
  const [people] = of('people');
  const names = [...world.sources.keys()].toSorted();
  const real = topOctave(spectrumOf(chunks, 'real'));
  const faces = facesOf(people);
  const figures = new Map<SourceName, SourceFigures>();
  for (const name of names) figures.set(name, sourceFigures(name, chunks, of('path'), faces, real));

  const distances = Object.fromEntries(
    (['training', ...names] as const).map((set) => {
      const each = levels.map((item) => item.distances[set] * 1000);
      return [set, { levels: each.map(round3), mean: round3(mean(each)) }];
    }),
  );
  const generator = world.sources.get('generator');
  const sameModes = generator ? modesOfNumbers(world.linear, generator.storedNumbers) : undefined;
  const inversion = {
    people: inversions.length,
    ...(generator ? { generator: meanFigures(inversions.map((item) => item.generator)) } : {}),
    ...(generator ? { linearSame: meanFigures(inversions.map((item) => item.linearSame)) } : {}),
    linear: meanFigures(inversions.map((item) => item.linear)),
  };
  const verdicts = generator ? judge(figures, distances, inversion) : [];
  const sizes = {
    ...(generator ? { generator: generator.storedNumbers, linearSameModes: sameModes } : {}),
    linear: linearNumbers(world.linear),
    linearModes: world.linear.modeCount,
  };
  const result = {
    settings: { samples, seed: shop.seed, maps: people.maps.length },
    storedNumbers: sizes,
    slicedWassersteinTimes1000: distances,
    realTopOctave: round3(real),
    trainingTopOctave: round3(topOctave(spectrumOf(chunks, 'training')) / real),
    sources: Object.fromEntries(
      [...figures].map(([name, { incoherent, ...rest }]) => [
        name,
        { ...rest, incoherent: incoherent.length },
      ]),
    ),
    realIncoherent: people.incoherent,
    inversion,
    verdicts,
  };
  const title = generator
    ? `Texture: ${generator.model.name} ${generator.model.version} against ${world.linear.name} (${samples} samples each)`
    : `Texture: ${world.linear.name} (${samples} samples)`;
  return {
    result,
    report: {
      title,
      about: about(shop, people, sameModes),
      tables: [
        ...(verdicts.length > 0 ? [verdictTable(verdicts)] : []),
        distanceTable(shop, distances),
        sourceTable(figures),
        inversionTable(inversion, sameModes, world.linear.modeCount),
        inversionDetail(inversions),
      ],
      pictures: await reportPictures(shop, {
        inversions,
        people,
        faces: faces.all,
        embeddings: new Map(names.map((name) => [name, embeddingsOf(chunks, name)])),
        incoherent: new Map([...figures].map(([name, { incoherent }]) => [name, incoherent])),
      }),
    },
  };
}

interface Faces {
  readonly all: readonly Float32Array[];
  readonly training: readonly Float32Array[];
  readonly heldOut: readonly Float32Array[];
  readonly pairs: readonly (readonly [Float32Array, Float32Array])[];
}

function facesOf({ maps, embeddings }: PeopleItem): Faces {
  const all = rows(unpackFloats(embeddings));
  const pairs: (readonly [Float32Array, Float32Array])[] = [];
  maps.forEach((a, i) => {
    maps.forEach((b, j) => {
      if (j > i && a.person === b.person) pairs.push([all[i], all[j]]);
    });
  });
  const of = (split: string): Float32Array[] => all.filter((_, i) => maps[i].split === split);
  return { all, training: of('train'), heldOut: of('validation'), pairs };
}

function rows(packed: Float32Array): Float32Array[] {
  return Array.from({ length: packed.length / 1024 }, (_, i) => packed.subarray(i * 1024, (i + 1) * 1024));
}

function embeddingsOf(chunks: readonly ChunkItem[], set: ImageSet): Float32Array[] {
  return chunks
    .filter((chunk) => chunk.set === set)
    .flatMap(({ embeddings }) => (embeddings === undefined ? [] : rows(unpackFloats(embeddings))));
}

function spectrumOf(chunks: readonly ChunkItem[], set: ImageSet): Float64Array {
  const own = chunks.filter((chunk) => chunk.set === set);
  const images = own.reduce((sum, { spectra }) => sum + spectra, 0);
  let out = new Float64Array(0);
  for (const { spectrum } of own) {
    const values = unpackFloats(spectrum);
    if (out.length === 0) out = new Float64Array(values.length);
    values.forEach((value, r) => (out[r] += value / images));
  }
  return out;
}

function sourceFigures(
  name: SourceName,
  chunks: readonly ChunkItem[],
  paths: readonly PathItem[],
  faces: Faces,
  real: number,
): SourceFigures {
  const own = chunks.filter(({ set }) => set === name);
  const judged = own.reduce((sum, chunk) => sum + (chunk.judged ?? 0), 0);
  const incoherent = own.flatMap((chunk) => chunk.incoherent ?? []);
  const errors = own.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const path = paths.find(({ source }) => source === name);
  return {
    coherent: 1 - incoherent.length / Math.max(1, judged),
    judged,
    incoherent,
    landmarkError: errors.length > 0 ? mean(errors) : undefined,
    topOctave: topOctave(spectrumOf(chunks, name)) / real,
    memorising: memorising(embeddingsOf(chunks, name), faces.training, faces.heldOut, faces.pairs),
    pathLength: path && summarisePathLength(path.distances, PATH_LENGTH_DEFAULTS.step),
  };
}

type MeanFigures = Omit<InversionFigures, 'latent'>;

function meanFigures(all: readonly (InversionFigures | undefined)[]): MeanFigures | undefined {
  const found = all.filter((item): item is InversionFigures => item !== undefined);
  if (found.length === 0) return undefined;
  const outside = found.flatMap((item) => (item.outside === undefined ? [] : [item.outside]));
  return {
    l1: round5(mean(found.map(({ l1 }) => l1))),
    inside: round5(mean(found.map(({ inside }) => inside))),
    ...(outside.length > 0 ? { outside: round5(mean(outside)) } : {}),
    topOctave: round5(mean(found.map((item) => item.topOctave))),
    milliseconds: Math.round(mean(found.map(({ milliseconds }) => milliseconds))),
  };
}

interface Inversions {
  readonly people: number;
  readonly generator?: MeanFigures | undefined;
  readonly linearSame?: MeanFigures | undefined;
  readonly linear: MeanFigures | undefined;
}

type Distances = Readonly<Record<string, { readonly levels: readonly number[]; readonly mean: number }>>;

/** The proofs, in its order. */
function judge(
  figures: ReadonlyMap<SourceName, SourceFigures>,
  distances: Distances,
  { generator, linearSame }: Inversions,
): Verdict[] {
  const own = figures.get('generator');
  const out: Verdict[] = [];
  const say = (what: string, measured: string, wanted: string, holds: boolean): void => {
    out.push({ what, measured, wanted, holds });
  };
  if (generator && linearSame) {
    say(
      'inversion: identity, FaceRes cosine',
      generator.inside.toFixed(4),
      `> ${linearSame.inside.toFixed(4)} (linear, as many numbers)`,
      generator.inside > linearSame.inside,
    );
    if (generator.outside !== undefined && linearSame.outside !== undefined)
      say(
        'inversion: identity, dlib distance',
        generator.outside.toFixed(4),
        `< ${linearSame.outside.toFixed(4)}`,
        generator.outside < linearSame.outside,
      );
    say(
      'inversion: top octave of the real maps',
      generator.topOctave.toFixed(2),
      '0.80 to 1.20',
      Math.abs(generator.topOctave - 1) <= 0.2,
    );
    say(
      'inversion: top octave against the linear model',
      Math.abs(Math.log(generator.topOctave)).toFixed(2),
      `< ${Math.abs(Math.log(linearSame.topOctave)).toFixed(2)} (|log ratio|)`,
      Math.abs(Math.log(generator.topOctave)) < Math.abs(Math.log(linearSame.topOctave)),
    );
    say(
      'inversion: L1',
      generator.l1.toFixed(4),
      `<= ${(1.1 * linearSame.l1).toFixed(4)} (1.1 x linear)`,
      generator.l1 <= 1.1 * linearSame.l1,
    );
  }
  if (own) {
    say(
      'samples: top octave of the real maps',
      own.topOctave.toFixed(2),
      '0.80 to 1.20',
      Math.abs(own.topOctave - 1) <= 0.2,
    );
    const [mine, theirs] = [distances['generator'].levels, distances['linear'].levels];
    const better = mine.filter((value, level) => value < theirs[level]).length;
    say(
      'sliced Wasserstein distance below the linear model',
      `at ${better} of ${mine.length} levels`,
      'every level',
      better === mine.length,
    );
    const { samples, samePerson } = own.memorising;
    say(
      'nearest training face farther than two photos of one person (medians)',
      samples.median.toFixed(3),
      `> ${samePerson.median.toFixed(3)}`,
      samples.median > samePerson.median,
    );
    say(
      'a face is found at its place',
      `${(100 * own.coherent).toFixed(2)} %`,
      '>= 99.50 %',
      own.coherent >= 0.995,
    );
  }
  return out;
}

function about({ world, samples }: Workshop, people: PeopleItem, sameModes: number | undefined): string[] {
  const [height, width] = world.windowSize;
  const train = people.maps.filter(({ split }) => split === 'train').length;
  return [
    `${samples} samples of each model, latents standard normal, against ${people.maps.length} albedo maps of real people (${train} to train on) and their mirror images. Compared is the face's window of the chart, ${width} x ${height} texels.`,
    `Sliced Wasserstein distance (Karras et al. 2018): 128 patches of 7 x 7 per image and level, 512 directions, times 1,000. Real maps are ${people.maps.length} and their mirror images, over and over with fresh patches until there are ${samples}; "training" is as many draws of what the generator is shown (mixtures of two people, moved tones, mirror images): how far its own training set is from plain maps.`,
    `Top octave, of the first 500 images of each set: energy of luminance between half the Nyquist frequency and all of it in ${SPECTRUM_PX} x ${SPECTRUM_PX} texels. Faces are judged on the mean head from the front with one pair of eyes for all. Path length: squared distance of FaceRes' unit embeddings over the squared step 0.01.`,
    ...(sameModes === undefined
      ? []
      : [
          `Inversion, on people who were held out: FaceRes (1 is the same) and dlib (0 is the same; below 0.6 one person) compare renders of the found map and of the real one. "As many numbers" is the linear model cut to ${sameModes} components, which with its mean stores no more numbers than the generator's file.`,
        ]),
  ];
}

function verdictTable(verdicts: readonly Verdict[]): ReportTable {
  return {
    caption: 'What was asked, and whether it holds',
    columns: ['', 'measured', 'wanted', 'holds'],
    rows: verdicts.map(({ what, measured, wanted, holds }) => [what, measured, wanted, holds ? 'yes' : 'NO']),
  };
}

function distanceTable({ world }: Workshop, distances: Distances): ReportTable {
  const [height, width] = world.windowSize;
  const count = distances['linear'].levels.length;
  return {
    caption: 'Sliced Wasserstein distance to real maps, x 1,000, by level of the Laplacian pyramid',
    columns: ['', ...Array.from({ length: count }, (_, l) => `${width >> l} x ${height >> l}`), 'mean'],
    rows: Object.entries(distances).map(([name, { levels, mean: average }]) =>
      [name].concat(
        levels.map((value) => value.toFixed(2)),
        average.toFixed(2),
      ),
    ),
  };
}

function sourceTable(figures: ReadonlyMap<SourceName, SourceFigures>): ReportTable {
  const all = [...figures.values()];
  const row = (what: string, value: (f: SourceFigures) => string): string[] => [what, ...all.map(value)];
  const same = all[0].memorising.samePerson;
  const heldOut = all[0].memorising.heldOut;
  return {
    caption: 'Samples',
    columns: ['', ...figures.keys()],
    rows: [
      row('face found at its place', (f) => `${(100 * f.coherent).toFixed(2)} % of ${f.judged}`),
      row('landmark error, % of the eyes', (f) =>
        f.landmarkError === undefined ? '' : (100 * f.landmarkError).toFixed(2),
      ),
      row('top octave of real maps', (f) => f.topOctave.toFixed(3)),
      row(
        'nearest training face, median',
        (f) => `${f.memorising.samples.median.toFixed(3)} (${f.memorising.samples.count})`,
      ),
      row('  5th hundredth, smallest', (f) =>
        [f.memorising.samples.low, f.memorising.samples.smallest].map((x) => x.toFixed(3)).join(', '),
      ),
      row('  two photos of one person, median', () => `${same.median.toFixed(3)} (${same.pairs})`),
      ...(heldOut ? [row('  people held out, median', () => heldOut.median.toFixed(3))] : []),
      row('  samples nearer than two photos', (f) => `${(100 * f.memorising.share).toFixed(1)} %`),
      row('path length, mean, median', (f) =>
        f.pathLength ? `${f.pathLength.mean.toFixed(3)}, ${f.pathLength.median.toFixed(3)}` : '',
      ),
      row('  99th hundredth over median', (f) => (f.pathLength ? f.pathLength.tail.toFixed(1) : '')),
    ],
  };
}

function inversionTable(
  { people, generator, linearSame, linear }: Inversions,
  sameModes: number | undefined,
  modes: number,
): ReportTable {
  const row = (what: string, found: MeanFigures | undefined): string[][] =>
    found
      ? [
          [
            what,
            found.l1.toFixed(4),
            found.inside.toFixed(4),
            found.outside?.toFixed(3) ?? '',
            found.topOctave.toFixed(2),
            (found.milliseconds / 1000).toFixed(1),
          ],
        ]
      : [];
  return {
    caption: `Inversion of ${people} people who were held out`,
    columns: ['', 'L1', 'FaceRes', 'dlib', 'top octave', 's'],
    rows: [
      ...row('generator', generator),
      ...row(`linear, as many numbers (${sameModes ?? 0} components)`, linearSame),
      ...row(`linear, ${modes} components`, linear),
    ],
  };
}

function inversionDetail(inversions: readonly InversionItem[]): ReportTable {
  const cells = (found: InversionFigures | undefined): string[] =>
    found ? [found.l1.toFixed(4), found.inside.toFixed(4), found.topOctave.toFixed(2)] : ['', '', ''];
  return {
    caption: 'Inversion by person: L1, FaceRes, top octave of generator, linear with as many numbers, linear',
    columns: ['', 'L1', 'FaceRes', 'top', 'L1', 'FaceRes', 'top', 'L1', 'FaceRes', 'top'],
    rows: inversions.map((item) => [
      item.map,
      ...cells(item.generator),
      ...cells(item.linearSame),
      ...cells(item.linear),
    ]),
    detail: true,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
const round3 = (value: number): number => Number(value.toFixed(3));
const round5 = (value: number): number => Number(value.toFixed(5));
