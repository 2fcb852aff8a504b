/** From the photographs' results to figures: landmarks, identity by two networks, identity from shape, distance order, failures. */
import type { FaceAnalysis } from '@likeness/core/analysis';
import type { MorphableModel } from '@likeness/core/model';
import type { Report, ReportTable } from '../report/report.ts';
import type { BenchmarkSummary } from '../run/benchmark.ts';
import { identityFromShape } from './identity-from-shape.ts';
import type { IdentityFromShape } from './identity-from-shape.ts';
import type { AnalysedFace, FacePair } from './learn-nuisance.ts';
import { LANDMARK_REGIONS } from './landmark-regions.ts';
import type { FittedPhoto, PhotoResult } from './measure-photo.ts';
import { unpackFloats } from './packed-floats.ts';
import { cosine, negativeDistance, pairScores, rank1, rocFigures } from './recognition.ts';
import type { Similarity } from './recognition.ts';

export interface FacesSummaryInput {
  readonly model: MorphableModel;
  readonly preset: string;
  /** Name of the network outside of every loss; undefined where it is not installed. */
  readonly outside: string | undefined;
  readonly photos: readonly PhotoResult[];
  /** What is known of the people of the London set, by file name: gender, ethnicity, ... */
  readonly people?: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Sets that hold the same people, by file name. */
const NEUTRAL = 'london-neutral';
const SMILING = 'london-smiling';
const ZOOM = 'zoom';
/** Sets whose photos all show one person. */
const ONE_PERSON = ['lisa', ZOOM];

type NetworkKey = 'inside' | 'outside';

interface Recognition {
  readonly people: number;
  readonly rank1: number;
  readonly auc: number;
  readonly tarAtFar1e2: number;
  readonly meanSame: number;
  readonly meanDifferent: number;
}

export function summariseFaces(input: FacesSummaryInput): BenchmarkSummary {
  const { model, photos, preset, outside } = input;
  const fitted = photos.filter((photo) => photo.status === 'fitted');
  const sets = [...new Set(photos.map(({ set }) => set))];
  const bySet = Object.fromEntries(
    sets.map((set) => [set, setFigures(photos.filter((photo) => photo.set === set))]),
  );
  const neutral = fitted.filter(({ set }) => set === NEUTRAL);
  const partner = new Map(fitted.filter(({ set }) => set === SMILING).map((photo) => [photo.name, photo]));
  const pairs = neutral.flatMap((a) => {
    const b = partner.get(a.name);
    return b === undefined ? [] : [{ a, b }];
  });
  const networks: readonly NetworkKey[] = outside === undefined ? ['inside'] : ['inside', 'outside'];
  const recognition =
    pairs.length < 2
      ? undefined
      : (Object.fromEntries(networks.map((key) => [key, recognitionOf(pairs, key)])) as Record<
          NetworkKey,
          RecognitionRows
        >);
  const shape =
    pairs.length < 4
      ? undefined
      : identityFromShape(
          model,
          pairs.map(({ a, b }): FacePair => ({ a: analysed(a), b: analysed(b) })),
        );
  const zoom = fitted
    .filter(({ set }) => set === ZOOM)
    .toSorted((a, b) => Number.parseFloat(a.name) - Number.parseFloat(b.name))
    .map(({ name, distanceCm, landmarkPercent, warnings }) => ({
      photo: name,
      distanceCm,
      landmarkPercent,
      warnings,
    }));
  const rises = zoom.every((shot, i) => i === 0 || shot.distanceCm > zoom[i - 1].distanceCm);
  const failures = photos
    .filter((photo) => photo.status !== 'fitted')
    .map(({ set, name, status, message }) => ({ set, name, status, message }));
  const result = {
    preset,
    model: `${model.name} ${model.version}`,
    photos: photos.length,
    fitted: fitted.length,
    failurePercent: round((100 * failures.length) / photos.length, 2),
    failures,
    sets: bySet,
    networks: { inside: 'FaceRes', outside: outside ?? null },
    recognition: recognition ?? null,
    identityFromShape: shape === undefined ? null : shapeResult(shape, pairs, input.people),
    onePersonSets: neutral.length === 0 ? null : onePersonSets(fitted, neutral),
    zoom: zoom.length === 0 ? null : { risesInOrder: rises, shots: zoom },
  };
  const report: Report = {
    title: `Photographs without 3D truth, preset ${preset}: ${fitted.length} of ${photos.length} fitted`,
    about: [
      'Landmark errors are percent of the outer-eye distance. The fitted model is compared with the detected points it was fitted to, and both with what people marked by hand.',
      'Identity: FaceRes is the network that fits use or will use; the other one is in no loss. A render carries the texture of its own photo, so its similarity to that very photo flatters; to the other photo of the same person it does not. The first row of each network is what two photos of one person reach.',
      'The shipped nuisance modes of the landmark fit were learned on the London pairs: the cross-validated row is the figure to quote.',
      ...(outside === undefined
        ? [
            'The network outside the loss was not measured: the npm package @vladmandic/face-api is not installed.',
          ]
        : []),
    ],
    tables: [
      setTable(bySet),
      humanTable(bySet),
      ...(recognition === undefined ? [] : [recognitionTable(recognition, outside)]),
      ...(shape === undefined ? [] : [shapeTable(shape)]),
      ...(zoom.length === 0 ? [] : [zoomTable(zoom, rises)]),
      photoTable(photos),
    ],
    pictures: [],
  };
  return { result, report };
}

type SetFigures = ReturnType<typeof setFigures>;

function setFigures(photos: readonly PhotoResult[]) {
  const fitted = photos.filter((photo) => photo.status === 'fitted');
  const medianOf = (pick: (photo: FittedPhoto) => number): number | null =>
    fitted.length === 0 ? null : round(median(fitted.map(pick)), 3);
  const detected = fitted.flatMap(({ detectedToHuman }) => detectedToHuman ?? []);
  const shown = fitted.flatMap(({ fittedToHuman }) => fittedToHuman ?? []);
  return {
    photos: photos.length,
    fitted: fitted.length,
    landmarkPercent: {
      medianOfMedians: medianOf(({ landmarkPercent }) => landmarkPercent),
      worstMedian:
        fitted.length === 0 ? null : Math.max(...fitted.map(({ landmarkPercent }) => landmarkPercent)),
      medianOfRms: medianOf(({ landmarkRmsPercent }) => landmarkRmsPercent),
      regions: Object.fromEntries(
        Object.keys(LANDMARK_REGIONS).map((region) => [
          region,
          medianOf(({ regionPercent }) => regionPercent[region]),
        ]),
      ),
    },
    detectedToHumanPercent: detected.length === 0 ? null : spread(detected),
    fittedToHumanPercent: shown.length === 0 ? null : spread(shown),
    identitySimilarity: medianOf(({ identitySimilarity }) => identitySimilarity),
    outsideDistance: fitted.every(({ outside }) => outside !== undefined)
      ? medianOf(({ outside }) =>
          outside === undefined
            ? Number.NaN
            : -negativeDistance(unpackFloats(outside.photo), unpackFloats(outside.render)),
        )
      : null,
    milliseconds: medianOf(({ milliseconds }) => milliseconds),
  };
}

function spread(values: readonly number[]): { median: number; mean: number; p95: number } {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: round(median(values), 3),
    mean: round(values.reduce((a, b) => a + b, 0) / values.length, 3),
    p95: round(sorted[Math.min(sorted.length - 1, Math.floor(0.95 * sorted.length))], 3),
  };
}

type PairRows = readonly { readonly a: FittedPhoto; readonly b: FittedPhoto }[];
interface RecognitionRows {
  /** Neutral photo -> smiling photo: what the network can do at all. */
  readonly photoToPhoto: Recognition;
  /** Render -> the photo it was made from. */
  readonly renderToOwnPhoto: Recognition;
  /** Render of the neutral photo -> smiling photo. */
  readonly renderToOtherPhoto: Recognition;
}

function recognitionOf(pairs: PairRows, key: NetworkKey): RecognitionRows {
  const similarity: Similarity = key === 'inside' ? cosine : negativeDistance;
  const vectors = (which: 'a' | 'b', kind: 'photo' | 'render'): Float32Array[] =>
    pairs.map((pair) => {
      const entry = pair[which][key];
      if (entry === undefined) throw new Error(`The photo ${pair[which].name} has no ${key} embedding.`);
      return unpackFloats(entry[kind]);
    });
  const compare = (gallery: readonly Float32Array[], probes: readonly Float32Array[]): Recognition => {
    const { same, different } = pairScores(gallery, probes, similarity);
    const roc = rocFigures(same, different);
    return {
      people: pairs.length,
      rank1: round(rank1(gallery, probes, similarity), 4),
      auc: round(roc.auc, 4),
      tarAtFar1e2: round(roc.tarAtFar1e2, 4),
      meanSame: round(roc.meanSame, 4),
      meanDifferent: round(roc.meanDifferent, 4),
    };
  };
  const [neutral, smiling] = [vectors('a', 'photo'), vectors('b', 'photo')];
  const renders = vectors('a', 'render');
  return {
    photoToPhoto: compare(smiling, neutral),
    renderToOwnPhoto: compare(neutral, renders),
    renderToOtherPhoto: compare(smiling, renders),
  };
}

function analysed(photo: FittedPhoto): AnalysedFace {
  const landmarks: FaceAnalysis['landmarks'] = { points: unpackFloats(photo.points), confidence: 1 };
  return {
    name: photo.name,
    widthPx: photo.widthPx,
    heightPx: photo.heightPx,
    landmarks,
    points68: unpackFloats(photo.points68),
  };
}

function shapeResult(shape: IdentityFromShape, pairs: PairRows, people: FacesSummaryInput['people']): object {
  const rounded = JSON.parse(
    JSON.stringify(shape.variants, (_, x: unknown) => (typeof x === 'number' ? round(x, 4) : x)),
  ) as unknown;
  return {
    people: shape.people,
    variants: rounded,
    ...(people === undefined ? {} : { groups: groupsOf(shape, pairs, people) }),
    confusions: shape.confusions.map(({ probe, taken, rank, direction }) => ({
      probe: pairs[probe].a.name,
      taken: pairs[taken].a.name,
      rank,
      direction,
    })),
  };
}

/** Share of the cross-validated probes recognised, by what is known of the person. */
function groupsOf(
  { confusions }: IdentityFromShape,
  pairs: PairRows,
  people: NonNullable<FacesSummaryInput['people']>,
): Record<string, Record<string, { people: number; rank1: number }>> {
  const out: Record<string, Record<string, { people: number; rank1: number }>> = {};
  for (const property of ['gender', 'ethnicity']) {
    const valueOf = (i: number): string => people.get(pairs[i].a.name)?.[property] ?? 'unknown';
    out[property] = {};
    for (const value of new Set(pairs.map((_, i) => valueOf(i)))) {
      const count = pairs.filter((_, i) => valueOf(i) === value).length;
      const missed = confusions.filter(({ probe }) => valueOf(probe) === value).length;
      out[property][value] = { people: count, rank1: round(1 - missed / (2 * count), 4) };
    }
  }
  return out;
}

/** Several photos of one person of whom nothing was learned, among strangers: is each nearest to its own? p_s, cosine. */
function onePersonSets(
  fitted: readonly FittedPhoto[],
  strangers: readonly FittedPhoto[],
): Record<string, { photos: number; foundOwn: number; leastWithin: number; bestStranger: number }> {
  const others = strangers.map(({ identity }) => unpackFloats(identity));
  const out: Record<string, { photos: number; foundOwn: number; leastWithin: number; bestStranger: number }> =
    {};
  for (const set of ONE_PERSON) {
    const own = fitted.filter((photo) => photo.set === set).map(({ identity }) => unpackFloats(identity));
    if (own.length < 2) continue;
    const within = own.map((a, i) => own.filter((_, j) => j !== i).map((b) => cosine(a, b)));
    const toStrangers = own.map((a) => Math.max(...others.map((b) => cosine(a, b))));
    out[set] = {
      photos: own.length,
      foundOwn: own.filter((_, i) => Math.max(...within[i]) > toStrangers[i]).length,
      leastWithin: round(Math.min(...within.flat()), 4),
      bestStranger: round(Math.max(...toStrangers), 4),
    };
  }
  return out;
}

const cell = (value: number | null | undefined, digits: number, unit = ''): string =>
  value === null || value === undefined ? '' : `${value.toFixed(digits)}${unit}`;

function setTable(sets: Readonly<Record<string, SetFigures>>): ReportTable {
  return {
    caption: 'Photographs',
    columns: [
      'set',
      'photos',
      'fitted',
      'fitted to detected',
      'worst',
      'FaceRes photo/render',
      'dlib distance',
      'ms',
    ],
    rows: Object.entries(sets).map(([name, figures]) => [
      name,
      String(figures.photos),
      String(figures.fitted),
      cell(figures.landmarkPercent.medianOfMedians, 2, ' %'),
      cell(figures.landmarkPercent.worstMedian, 2, ' %'),
      cell(figures.identitySimilarity, 3),
      cell(figures.outsideDistance, 3),
      cell(figures.milliseconds, 0),
    ]),
  };
}

function humanTable(sets: Readonly<Record<string, SetFigures>>): ReportTable {
  return {
    caption: 'Against human annotation: 9 iBUG points and, for the detection, the pupils',
    columns: ['set', 'detected: median', 'mean', '95 %', 'fitted: median', 'mean', '95 %'],
    rows: Object.entries(sets)
      .filter(([, figures]) => figures.detectedToHumanPercent !== null)
      .map(([name, { detectedToHumanPercent, fittedToHumanPercent }]) => [
        name,
        cell(detectedToHumanPercent?.median, 2, ' %'),
        cell(detectedToHumanPercent?.mean, 2, ' %'),
        cell(detectedToHumanPercent?.p95, 2, ' %'),
        cell(fittedToHumanPercent?.median, 2, ' %'),
        cell(fittedToHumanPercent?.mean, 2, ' %'),
        cell(fittedToHumanPercent?.p95, 2, ' %'),
      ]),
  };
}

function recognitionTable(
  recognition: Readonly<Record<NetworkKey, RecognitionRows>>,
  outside: string | undefined,
): ReportTable {
  const rows: string[][] = [];
  const labels: readonly (readonly [keyof RecognitionRows, string])[] = [
    ['photoToPhoto', 'neutral photo, smiling photo'],
    ['renderToOwnPhoto', 'render, its own photo'],
    ['renderToOtherPhoto', 'render, smiling photo'],
  ];
  for (const [key, network] of [
    ['inside', 'FaceRes'],
    ['outside', outside],
  ] as const) {
    if (network === undefined) continue;
    for (const [row, label] of labels) {
      const figures = recognition[key][row];
      rows.push([
        `${network}: ${label}`,
        cell(100 * figures.rank1, 1, ' %'),
        cell(figures.auc, 3),
        cell(100 * figures.tarAtFar1e2, 1, ' %'),
        cell(Math.abs(figures.meanSame), 2),
        cell(Math.abs(figures.meanDifferent), 2),
      ]);
    }
  }
  return {
    caption: `Identity among ${recognition.inside.photoToPhoto.people} people (FaceRes: cosine; the other: distance)`,
    columns: ['', 'rank-1', 'AUC', 'TAR at FAR 1 %', 'same', 'different'],
    rows,
  };
}

function shapeTable({ people, variants }: IdentityFromShape): ReportTable {
  const labels = {
    withoutNuisance: 'without nuisance modes',
    crossValidated: 'modes learned on the other half',
    shippedModes: 'shipped modes (they saw these people)',
  } as const;
  return {
    caption: `Identity from shape: p_s, neutral against smiling, ${people} people`,
    columns: ['', 'rank-1, cosine', 'rank-1, Euclid', 'AUC', 'TAR at FAR 1 %', 'same', 'different'],
    rows: (Object.keys(labels) as (keyof typeof labels)[]).map((key) => {
      const { rank1: ranks, roc } = variants[key];
      return [
        labels[key],
        cell(100 * ranks.cosine.mean, 1, ' %'),
        cell(100 * ranks.euclidean.mean, 1, ' %'),
        cell(roc.auc, 3),
        cell(100 * roc.tarAtFar1e2, 1, ' %'),
        cell(roc.meanSame, 2),
        cell(roc.meanDifferent, 2),
      ];
    }),
  };
}

function zoomTable(
  shots: readonly { readonly photo: string; readonly distanceCm: number; readonly landmarkPercent: number }[],
  rises: boolean,
): ReportTable {
  return {
    caption: `One person from several distances: fitted distance ${rises ? 'rises in order' : 'does NOT rise in order'}`,
    columns: ['photo', 'fitted distance', 'landmarks'],
    rows: shots.map((shot) => [
      shot.photo,
      cell(shot.distanceCm, 0, ' cm'),
      cell(shot.landmarkPercent, 2, ' %'),
    ]),
  };
}

function photoTable(photos: readonly PhotoResult[]): ReportTable {
  return {
    caption: 'Every photograph',
    detail: true,
    columns: ['photo', 'status', 'landmarks', 'FaceRes photo/render', 'distance', 'ms', 'notes'],
    rows: photos.map((photo) =>
      photo.status === 'fitted'
        ? [
            `${photo.set}/${photo.name}`,
            photo.status,
            cell(photo.landmarkPercent, 2, ' %'),
            cell(photo.identitySimilarity, 3),
            cell(photo.distanceCm, 0, ' cm'),
            String(photo.milliseconds),
            photo.warnings.join(' '),
          ]
        : [`${photo.set}/${photo.name}`, photo.status, '', '', '', '', photo.message],
    ),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
