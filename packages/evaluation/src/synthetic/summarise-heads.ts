/** From the heads' results to figures with intervals, baselines and skill, to tables and pictures. */
import { bootstrap, bootstrapInterval, REALY_REGIONS, skill } from '@likeness/core/evaluation';
import type { FaceRegion, Interval } from '@likeness/core/evaluation';
import type { MorphableModel } from '@likeness/core/model';
import { encodePng } from '@likeness/node';
import { heatMap } from '../report/heat-map.ts';
import type { Report, ReportPicture, ReportTable } from '../report/report.ts';
import type { BenchmarkSummary } from '../run/benchmark.ts';
import type { Alignment } from './shape-errors.ts';
import type { IcpErrors } from './icp-errors.ts';
import { ALIGNMENTS, CONTENDERS, ERROR_STEP_MM, round } from './synthetic-head.ts';
import type { Contender, FittedHead, SyntheticHead } from './synthetic-head.ts';

export interface SyntheticSummaryInput {
  readonly model: MorphableModel;
  readonly preset: string;
  readonly seed: number;
  readonly source: { readonly kind: string; readonly label: string };
  readonly heads: readonly SyntheticHead[];
}

type Area = 'face' | FaceRegion;
const AREAS: readonly Area[] = ['face', ...REALY_REGIONS];
const LABELS: Readonly<Record<Contender, string>> = {
  ours: 'Likeness',
  meanHead: 'mean head',
  oracle: 'oracle (best in-model fit)',
};
const ALIGNED: Readonly<Record<Alignment, string>> = {
  rigid: 'rigid, size counts',
  similarity: 'best size first',
};
/** Upper end of the heat maps' colour bar. */
const HEAT_MM = 5;

interface Figure {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly std: number;
}

/** @throws RangeError never: with no fitted head the figures are absent and the failures remain */
export async function summariseHeads(input: SyntheticSummaryInput): Promise<BenchmarkSummary> {
  const { heads, preset, seed, source } = input;
  const fitted = heads.filter((head) => head.status === 'fitted');
  const failures = {
    noFace: heads.filter(({ status }) => status === 'no-face').length,
    wrongFace: heads.filter(({ status }) => status === 'wrong-face').length,
  };
  const base = {
    synthetic: true,
    source: source.kind,
    preset,
    seed,
    heads: heads.length,
    fitted: fitted.length,
    failures,
  };
  const about = [
    `Synthetic: ${source.label}. Each was photographed once, from 15 cm to 3 m, in random light, expression, skin, hair, background, with or without something in front of the face, and fitted with preset ${preset}. Failures are counted and not averaged: ${failures.noFace} without a face found, ${failures.wrongFace} with another place taken for the face, of ${heads.length}.`,
    'Baselines: the mean head of the model, and the oracle, the best head the model has for the true surface. Skill = (mean head - ours) / (mean head - oracle). Intervals are 95 % percentile bootstrap over heads. These figures share no column with figures on real scans.',
  ];
  if (fitted.length === 0)
    return {
      result: { ...base, regions: null, skill: null },
      report: {
        title: `Synthetic benchmark, preset ${preset}: no head was fitted`,
        about,
        tables: [],
        pictures: failurePictures(heads),
      },
    };
  const withIcp = fitted.filter(
    (head): head is FittedHead & { icp: Record<Contender, IcpErrors> } => head.icp !== undefined,
  );
  const shape = perContender((contender) =>
    Object.fromEntries(
      ALIGNMENTS.map((alignment) => [
        alignment,
        byArea((area) => figure(fitted.map((head) => shapeOf(head, alignment, contender, area)))),
      ]),
    ),
  );
  const skills = Object.fromEntries(
    ALIGNMENTS.map((alignment) => [
      alignment,
      byArea((area) => skillOf(fitted, (head, contender) => shapeOf(head, alignment, contender, area))),
    ]),
  ) as Record<Alignment, Record<Area, Interval>>;
  const icp = withIcp.length === 0 ? undefined : icpFigures(withIcp);
  const icpSkill =
    withIcp.length === 0 ? undefined : skillOf(withIcp, (head, contender) => head.icp[contender].realyMm);
  const figures = {
    posedMm: figure(fitted.map((head) => head.posedMm)),
    poseDegrees: figure(fitted.map((head) => head.poseDegrees)),
    distancePercent: figure(fitted.map((head) => head.distancePercent)),
    expressionError: figure(fitted.map((head) => head.expressionError)),
    neutralExpressionError: figure(fitted.map((head) => head.neutralExpressionError)),
    expressionMm: figure(fitted.map((head) => head.expressionMm)),
    neutralExpressionMm: figure(fitted.map((head) => head.neutralExpressionMm)),
    albedoPercent: figure(fitted.map((head) => head.albedoPercent)),
    meanAlbedoPercent: figure(fitted.map((head) => head.meanAlbedoPercent)),
  };
  const result = {
    ...base,
    correspondenceMm: shape,
    realyStyleHeads: withIcp.length,
    realyStyleMm: icp?.realy,
    nowStyleMm: icp?.now,
    ...figures,
    skillBySize: { rigid: plain(skills.rigid), similarity: plain(skills.similarity) },
    skillRealyStyle: icpSkill === undefined ? null : intervalOf(icpSkill),
    // Ours, REALY-style where that was measured, else in correspondence.
    regions: Object.fromEntries(
      REALY_REGIONS.map((region) => {
        const { mean, std } = figure(
          withIcp.length > 0
            ? withIcp.map((head) => head.icp.ours.regions[region])
            : fitted.map((head) => shapeOf(head, 'rigid', 'ours', region)),
        );
        return [region, { mean, std }];
      }),
    ),
    regionsMeasure: withIcp.length > 0 ? 'REALY-style' : 'correspondence, rigid',
    // Of the vertex error in correspondence, rigid without scale.
    skill: {
      overall: round(skills.rigid.face.value, 3),
      ...Object.fromEntries(REALY_REGIONS.map((region) => [region, round(skills.rigid[region].value, 3)])),
    },
  };
  const report: Report = {
    title: `Synthetic benchmark, preset ${preset}: ${fitted.length} of ${heads.length} heads fitted`,
    about,
    tables: [
      ...ALIGNMENTS.map((alignment) => shapeTable(fitted, alignment, skills[alignment])),
      ...(icp === undefined ? [] : icpTables(withIcp)),
      otherTable(figures),
      headTable(heads),
    ],
    pictures: [
      ...(await heatPictures(input.model, fitted)),
      ...headPictures(fitted),
      ...failurePictures(heads),
    ],
  };
  return { result, report };
}

function shapeOf(head: FittedHead, alignment: Alignment, contender: Contender, area: Area): number {
  const errors = head.shape[alignment][contender];
  return area === 'face' ? errors.face : errors.regions[area];
}

function skillOf<Head>(heads: readonly Head[], of: (head: Head, contender: Contender) => number): Interval {
  const columns = CONTENDERS.map((contender) => heads.map((head) => of(head, contender)));
  return bootstrap(heads.length, (sample) => {
    const means = columns.map((column) => sample.reduce((sum, i) => sum + column[i], 0) / sample.length);
    return skill({ oursMm: means[0], meanHeadMm: means[1], oracleMm: means[2] });
  });
}

/** Mean with its interval, and the sample's standard deviation. */
export function figure(values: readonly number[]): Figure {
  const { value, low, high } = bootstrapInterval(values);
  const spread = values.reduce((sum, x) => sum + (x - value) ** 2, 0) / Math.max(1, values.length - 1);
  return {
    mean: round(value, 4),
    low: round(low, 4),
    high: round(high, 4),
    std: round(Math.sqrt(spread), 4),
  };
}

function icpFigures(heads: readonly (FittedHead & { icp: Record<Contender, IcpErrors> })[]): {
  realy: unknown;
  now: unknown;
} {
  return {
    realy: perContender((contender) => ({
      ...Object.fromEntries(
        REALY_REGIONS.map((region) => [
          region,
          figure(heads.map((head) => head.icp[contender].regions[region])),
        ]),
      ),
      all: figure(heads.map((head) => head.icp[contender].realyMm)),
    })),
    now: perContender((contender) =>
      Object.fromEntries(
        (['now', 'nowMetrical'] as const).map((variant) => [
          variant === 'now' ? 'nonMetrical' : 'metrical',
          {
            median: figure(heads.map((head) => head.icp[contender][variant].medianMm)),
            mean: figure(heads.map((head) => head.icp[contender][variant].meanMm)),
            std: figure(heads.map((head) => head.icp[contender][variant].stdMm)),
          },
        ]),
      ),
    ),
  };
}

function perContender<T>(make: (contender: Contender) => T): Record<Contender, T> {
  return { ours: make('ours'), meanHead: make('meanHead'), oracle: make('oracle') };
}

function byArea<T>(make: (area: Area) => T): Record<Area, T> {
  return Object.fromEntries(AREAS.map((area) => [area, make(area)])) as Record<Area, T>;
}

function plain(skills: Readonly<Record<Area, Interval>>): Record<string, unknown> {
  return Object.fromEntries(
    AREAS.map((area) => [area === 'face' ? 'overall' : area, intervalOf(skills[area])]),
  );
}

function intervalOf({ value, low, high }: Interval): Record<string, number> {
  return { value: round(value, 3), low: round(low, 3), high: round(high, 3) };
}

const columnNames = ['', 'whole face', 'nose', 'mouth', 'forehead', 'cheek'];

function shapeTable(
  heads: readonly FittedHead[],
  alignment: Alignment,
  skills: Readonly<Record<Area, Interval>>,
): ReportTable {
  return {
    caption: `Vertex error in correspondence, neutral face, mm, ${ALIGNED[alignment]} (${heads.length} heads)`,
    columns: columnNames,
    rows: [
      ...CONTENDERS.map((contender) => [
        LABELS[contender],
        ...AREAS.map((area) => {
          const { mean, low, high } = figure(heads.map((head) => shapeOf(head, alignment, contender, area)));
          return area === 'face'
            ? `${mean.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
            : mean.toFixed(2);
        }),
      ]),
      [
        'skill',
        ...AREAS.map((area) => {
          const { value, low, high } = skills[area];
          return area === 'face'
            ? `${value.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
            : value.toFixed(2);
        }),
      ],
    ],
  };
}

function icpTables(heads: readonly (FittedHead & { icp: Record<Contender, IcpErrors> })[]): ReportTable[] {
  const cell = (values: readonly number[]): string => {
    const { mean, std } = figure(values);
    return `${mean.toFixed(2)} ± ${std.toFixed(2)}`;
  };
  return [
    {
      caption: `REALY-style region errors, mm, mean ± std (secondary: ICP flatters; ${heads.length} heads)`,
      columns: ['', 'all', 'nose', 'mouth', 'forehead', 'cheek'],
      rows: CONTENDERS.map((contender) => [
        LABELS[contender],
        cell(heads.map((head) => head.icp[contender].realyMm)),
        ...REALY_REGIONS.map((region) => cell(heads.map((head) => head.icp[contender].regions[region]))),
      ]),
    },
    {
      caption: `NoW-style scan-to-mesh distance, mm, means over heads (secondary; ${heads.length} heads)`,
      columns: ['', 'median', 'mean', 'std', 'metrical median', 'mean', 'std'],
      rows: CONTENDERS.map((contender) =>
        [LABELS[contender]].concat(
          (['now', 'nowMetrical'] as const).flatMap((variant) =>
            (['medianMm', 'meanMm', 'stdMm'] as const).map((key) =>
              figure(heads.map((head) => head.icp[contender][variant][key])).mean.toFixed(2),
            ),
          ),
        ),
      ),
    },
  ];
}

function otherTable(figures: Readonly<Record<string, Figure>>): ReportTable {
  const row = (label: string, key: string, unit: string, baseline?: string): string[] => {
    const { mean, low, high } = figures[key];
    const digits = unit === '' ? 3 : 2;
    return [
      label,
      `${mean.toFixed(digits)}${unit} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`,
      baseline === undefined ? '' : `${figures[baseline].mean.toFixed(digits)}${unit}`,
    ];
  };
  return {
    caption: 'Everything else, mean with its interval',
    columns: ['', 'Likeness', 'baseline'],
    rows: [
      row("vertex error with the photo's expression, rigid", 'posedMm', ' mm'),
      row('pose', 'poseDegrees', '°'),
      row('distance, lens to head', 'distancePercent', ' %'),
      row(
        'expression coefficients, mean absolute (baseline: neutral)',
        'expressionError',
        '',
        'neutralExpressionError',
      ),
      row('displacement by the expression (baseline: neutral)', 'expressionMm', ' mm', 'neutralExpressionMm'),
      row(
        'albedo after the best scale, rms (baseline: template skin)',
        'albedoPercent',
        ' %',
        'meanAlbedoPercent',
      ),
    ],
  };
}

function headTable(heads: readonly SyntheticHead[]): ReportTable {
  return {
    caption: 'Every head',
    detail: true,
    columns: [
      'head',
      'nose, mm',
      'yaw',
      'face, px',
      'in front',
      'skin',
      'error, mm',
      'best size',
      'mean head',
      'oracle',
      'pose',
      'distance',
    ],
    rows: heads.map((head) => {
      const { noseDistanceMm, yawDegrees, faceWidthPx, occluder, skin } = head.scene;
      const scene = [
        String(head.index),
        String(noseDistanceMm),
        `${yawDegrees.toFixed(0)}°`,
        String(faceWidthPx),
        occluder,
        skin.toFixed(2),
      ];
      if (head.status !== 'fitted') return [...scene, head.status, '', '', '', '', ''];
      return [
        ...scene,
        head.shape.rigid.ours.face.toFixed(2),
        head.shape.similarity.ours.face.toFixed(2),
        head.shape.rigid.meanHead.face.toFixed(2),
        head.shape.rigid.oracle.face.toFixed(2),
        `${head.poseDegrees.toFixed(1)}°`,
        `${head.distancePercent.toFixed(0)} %`,
      ];
    }),
  };
}

async function heatPictures(model: MorphableModel, heads: readonly FittedHead[]): Promise<ReportPicture[]> {
  const face = model.regions['face'];
  const mean = new Float32Array(model.vertexCount);
  for (const head of heads) {
    const map = Buffer.from(head.errorMap, 'base64');
    for (let v = 0; v < mean.length; v++) mean[v] += (map[v] * ERROR_STEP_MM) / heads.length;
  }
  const picture = async (errorsMm: Float32Array, caption: string): Promise<ReportPicture> => ({
    caption: `${caption}; colours from 0 to ${HEAT_MM} mm, grey: not measured`,
    mimeType: 'image/png',
    data: await encodePng(
      heatMap({
        positions: model.mean,
        triangles: model.triangles,
        errorsMm: errorsMm.map((mm, v) => (face[v] > 0.02 ? mm : Number.NaN)),
        maxMm: HEAT_MM,
      }),
    ),
  });
  const sorted = heads.toSorted((a, b) => a.shape.similarity.ours.face - b.shape.similarity.ours.face);
  const chosen: [string, FittedHead | undefined][] = [
    ['best', sorted.at(0)],
    ['median', sorted[Math.floor(sorted.length / 2)]],
    ['worst', sorted.at(-1)],
  ];
  const own: ReportPicture[] = [];
  for (const [which, head] of chosen)
    if (head !== undefined)
      own.push(
        await picture(
          Float32Array.from(Buffer.from(head.errorMap, 'base64'), (step) => step * ERROR_STEP_MM),
          `Head ${head.index}, the ${which}: ${head.shape.similarity.ours.face.toFixed(2)} mm`,
        ),
      );
  return [await picture(mean, `Mean vertex error over ${heads.length} heads, best size first`), ...own];
}

/** A few dozen say enough, and a report of a thousand heads must still open. */
const MOST_PICTURES = 48;

function headPictures(heads: readonly FittedHead[]): ReportPicture[] {
  return heads.slice(0, MOST_PICTURES).map((head) => ({
    caption: `Head ${head.index}: photo; fit; ${head.shape.similarity.ours.face.toFixed(2)} mm`,
    mimeType: 'image/jpeg',
    data: new Uint8Array(Buffer.from(head.thumbnail, 'base64')),
  }));
}

function failurePictures(heads: readonly SyntheticHead[]): ReportPicture[] {
  return heads
    .filter(({ status }) => status !== 'fitted')
    .slice(0, MOST_PICTURES)
    .map((head) => ({
      caption: `Head ${head.index}: ${head.status === 'no-face' ? 'no face found' : 'another place taken for the face'}`,
      mimeType: 'image/jpeg',
      data: new Uint8Array(Buffer.from(head.thumbnail, 'base64')),
    }));
}
