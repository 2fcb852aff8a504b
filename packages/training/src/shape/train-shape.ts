/**
 * `likeness train shape`: from registered open scans to the default head model, in one deterministic run. Template, modes,
 * landmarks, file, manifest and model card, in that order.
 */
import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quantiseModes, writeHeadModel } from '@likeness/core/model';
import type { LandmarkEmbedding, MorphableModel } from '@likeness/core/model';
import type { ModelManifest } from '@likeness/models';
import { createAnalyserLocate, transferEmbedding } from '../landmarks/index.ts';
import type { AnalyserLocate, LocateLandmarks } from '../landmarks/index.ts';
import { trainingPhotos } from '../landmarks/training-photos.ts';
import { expressionBasis } from './expression-basis.ts';
import { headLandmarks } from './head-landmarks.ts';
import { headModelCard } from './head-model-card.ts';
import { heldOutError } from './held-out-error.ts';
import { identityBasis } from './identity-basis.ts';
import { createRandom } from './random.ts';
import { readShapeSource } from './read-source.ts';
import type { ShapeSource } from './read-source.ts';
import { sampleCoefficients } from './sample-coefficients.ts';
import { buildTemplate, transferDeltas } from './template/index.ts';
import type { HeadTemplate } from './template/index.ts';
import { vertexWeights } from './vertex-weights.ts';
import type { VertexWeightsOptions } from './vertex-weights.ts';

export const HEAD_NAME = 'likeness-head';
export const HEAD_VERSION = '1.0.0';
const IDENTITY_MODES = 100;
const HELD_OUT_HEADS = 40;

export type TrainShapeStage = 'template' | 'identity' | 'landmarks' | 'write';

export interface TrainShapeOptions {
  /**
   * Folder with the ICT-FaceKit arrays; or with these in `models/` and photographs in `faces/`, which then correct the
   * landmarks (half of the people, see `trainingPhotos`).
   */
  readonly data: string;
  /** Folder for `likeness-head.safetensors`, `.json` and `.md`; made if absent. */
  readonly out: string;
  /** Sampled heads; each counts with its mirror image. At least 1,000 for the shipped model. */
  readonly heads?: number;
  readonly seed?: number;
  /** Renders for the landmark embedding. */
  readonly scenes?: number;
  readonly weights?: VertexWeightsOptions;
  /** Finds 468 landmarks; default: the analysis networks. Without these no photographs are used. */
  readonly locate?: LocateLandmarks;
  /** fraction 0..1 of the stage. */
  readonly onProgress?: (stage: TrainShapeStage, fraction: number) => void;
}

export const TRAIN_SHAPE_DEFAULTS: Required<Pick<TrainShapeOptions, 'heads' | 'seed' | 'scenes'>> = {
  heads: 1000,
  seed: 1,
  scenes: 300,
};

export interface TrainShapeResult {
  readonly manifest: ModelManifest;
  readonly model: MorphableModel;
  /** Path of the model file. */
  readonly file: string;
}

/** @throws Error when the data is not there; RangeError when `heads` is too small */
export async function trainShape(options: TrainShapeOptions): Promise<TrainShapeResult> {
  const heads = options.heads ?? TRAIN_SHAPE_DEFAULTS.heads;
  const seed = options.seed ?? TRAIN_SHAPE_DEFAULTS.seed;
  const scenes = options.scenes ?? TRAIN_SHAPE_DEFAULTS.scenes;
  const progress = options.onProgress ?? (() => undefined);
  if (!Number.isInteger(heads) || heads <= IDENTITY_MODES)
    throw new RangeError(
      `train shape: --heads must be a whole number above ${IDENTITY_MODES}, received ${heads}.`,
    );

  progress('template', 0);
  const source = await readShapeSource(options.data);
  const template = buildTemplate(source.template);
  progress('template', 1);

  const { identity, expression, figures } = trainModes(
    source,
    template,
    heads,
    seed,
    options.weights,
    (fraction) => progress('identity', fraction),
  );
  const bare: MorphableModel = {
    name: HEAD_NAME,
    version: HEAD_VERSION,
    vertexCount: template.vertexCount,
    mean: template.positions,
    triangles: template.triangles,
    uvs: template.uvs,
    uvTriangles: template.uvTriangles,
    identity,
    expression,
    parts: template.parts,
    mirror: template.mirror,
    loops: template.loops,
    regions: template.regions,
    landmarks: {},
    licence: 'MIT',
  };
  const model = { ...bare, landmarks: { ibug68: sourceMarks(source, template, bare) } };

  const photos = await trainingPhotos(join(options.data, 'faces'));
  const found = await withAnalyser(options.locate, (analyser) =>
    headLandmarks(model, analyser, {
      scenes,
      seed,
      ...(photos.train.length > 0 ? { photos } : {}),
      onProgress: (fraction) => progress('landmarks', fraction),
    }),
  );
  const finished: MorphableModel = { ...model, landmarks: found.landmarks };

  progress('write', 0);
  const command = `likeness train shape --data DIR -o DIR --heads ${heads} --seed ${seed} --scenes ${scenes}`;
  const bytes = writeHeadModel(finished, {
    command,
    attribution:
      'Trained on ICT-FaceKit, Copyright (c) 2020 USC Institute for Creative Technologies, MIT licence',
  });
  const manifest: ModelManifest = {
    format: 'model-manifest/1',
    name: HEAD_NAME,
    version: HEAD_VERSION,
    kind: 'head',
    licence: 'MIT',
    description:
      'Morphable head: skin of face, head, ears and neck, eyeballs and the inside of the mouth; millimetres.',
    file: `${HEAD_NAME}.safetensors`,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    command,
    sources: [ictSource(source), ...(found.figures.mediapipe468.photos ? PHOTO_SOURCES : [])],
    figures: { ...figures, landmarks: found.figures },
  };
  const file = await writeOutputs(options.out, bytes, manifest);
  progress('write', 1);
  return { manifest, model: finished, file };
}

function trainModes(
  source: ShapeSource,
  template: HeadTemplate,
  heads: number,
  seed: number,
  weightOptions: VertexWeightsOptions | undefined,
  onProgress: (fraction: number) => void,
): Pick<MorphableModel, 'identity' | 'expression'> & { figures: Record<string, unknown> } {
  const { model } = source;
  const size = model.vertexCount * 3;
  const sourceModes = Array.from({ length: model.identity.count }, (_, k) =>
    transferDeltas(template, model.identity.deltas.subarray(k * size, (k + 1) * size), 'follow-sockets'),
  );
  const expressions = expressionBasis(
    model.expression.names,
    model.expression.names.map((name, k) =>
      transferDeltas(template, model.expression.deltas.subarray(k * size, (k + 1) * size), {
        expression: name,
      }),
    ),
    template.mirror,
  );
  const random = createRandom(seed);
  const skin = template.triangles.subarray(0, template.parts[0].triangleCount * 3);
  const common = {
    mean: template.positions,
    mirror: template.mirror,
    weights: vertexWeights(template.positions, skin, template.regions.face, weightOptions),
    sourceModes,
  };
  const basis = identityBasis({
    ...common,
    coefficients: sampleCoefficients(random, heads, sourceModes.length),
    modes: IDENTITY_MODES,
    onProgress,
  });
  const heldOut = heldOutError(
    {
      ...common,
      coefficients: Float64Array.from({ length: HELD_OUT_HEADS * sourceModes.length }, () => random.normal()),
    },
    basis,
  );
  return {
    identity: {
      count: IDENTITY_MODES,
      names: Array.from({ length: IDENTITY_MODES }, (_, k) => `identity${String(k).padStart(3, '0')}`),
      deltas: basis.deltas,
      standardDeviationsMm: basis.standardDeviationsMm,
    },
    expression: { count: expressions.names.length, names: expressions.names, deltas: expressions.deltas },
    figures: {
      vertices: template.vertexCount,
      skinVertices: template.skinVertexCount,
      triangles: template.triangles.length / 3,
      identityModes: IDENTITY_MODES,
      antisymmetricModes: basis.symmetry.reduce((n, sign) => n + Number(sign < 0), 0),
      expressionModes: expressions.names.length,
      sampledHeads: heads,
      seed,
      varianceKept: basis.varianceKept,
      heldOut,
      maxQuantisationErrorMm: {
        identity: quantiseModes(basis.deltas, IDENTITY_MODES).maxErrorMm,
        expression: quantiseModes(expressions.deltas, expressions.names.length).maxErrorMm,
      },
      expressionSymmetrisedMm: expressions.asymmetryMm,
    },
  };
}

/** The source's hand-marked iBUG points on the template. */
function sourceMarks(source: ShapeSource, template: HeadTemplate, model: MorphableModel): LandmarkEmbedding {
  // The importer moves the source's origin too: the same source vertex in both frames tells by how much.
  const offset = [0, 1, 2].map(
    (c) => source.model.mean[c] - (source.template.mean[c] - template.originMm[c]),
  ) as [number, number, number];
  return transferEmbedding(source.model, source.model.landmarks['ibug68'], model, offset);
}

type LandmarkSource = Pick<AnalyserLocate, 'locate'> & Partial<Pick<AnalyserLocate, 'analyse'>>;

async function withAnalyser<T>(
  locate: LocateLandmarks | undefined,
  use: (analyser: LandmarkSource) => Promise<T>,
): Promise<T> {
  if (locate) return use({ locate });
  const analyser = await createAnalyserLocate();
  try {
    return await use(analyser);
  } finally {
    await analyser[Symbol.asyncDispose]();
  }
}

function ictSource({ commit, sha256 }: ShapeSource): ModelManifest['sources'][number] {
  return {
    name: 'ICT-FaceKit (light)',
    url: 'https://github.com/ICT-VGL/ICT-FaceKit',
    version: commit,
    licence: 'MIT',
    copyright: 'Copyright (c) 2020 USC Institute for Creative Technologies',
    citation: 'Li et al., Learning Formation of Physically-Based Face Attributes, CVPR 2020',
    sha256,
    use: 'surface of the mean head, 100 identity modes to sample heads from, 53 expression modes',
  };
}

/** Only averages over people enter the model: by how many mm each landmark moves on the mean head. */
const PHOTO_SOURCES: ModelManifest['sources'] = [
  {
    name: 'Face Research Lab London Set',
    url: 'https://doi.org/10.6084/m9.figshare.5047666.v5',
    version: '5',
    licence: 'CC-BY-4.0',
    copyright: 'Lisa DeBruine and Benedict Jones, 2017',
    use: 'neutral photographs with odd numbers: median residuals of the landmark fit correct the embedding',
  },
  {
    name: 'Young Adult White Faces with Manipulated Versions (Canada)',
    url: 'https://doi.org/10.6084/m9.figshare.4220517.v1',
    version: '1',
    licence: 'CC-BY-4.0',
    copyright: 'Lisa DeBruine and Benedict Jones, 2017',
    use: 'all photographs, for the same',
  },
];

/** All three files or none: each is written beside its place and moved there at the end. */
async function writeOutputs(folder: string, bytes: Uint8Array, manifest: ModelManifest): Promise<string> {
  await mkdir(folder, { recursive: true });
  const outputs: [name: string, content: Uint8Array | string][] = [
    [manifest.file, bytes],
    [`${manifest.name}.json`, `${JSON.stringify(manifest, null, 2)}\n`],
    [`${manifest.name}.md`, headModelCard(manifest)],
  ];
  for (const [name, content] of outputs) await writeFile(join(folder, `${name}.part`), content);
  for (const [name] of outputs) await rename(join(folder, `${name}.part`), join(folder, name));
  return join(folder, manifest.file);
}
