/**
 * `fit.json`: everything that is needed to understand, repeat or continue a fit, as plain JSON
 * (docs/schema/fit.schema.json). The input types repeat the fit's result structurally, so that this folder stays
 * free of models and tensors.
 */

export interface FitReportInput {
  /** Version of Likeness. */
  readonly version: string;
  /** Versions of what it ran on: node, onnxruntime, sharp, ... */
  readonly versions: Readonly<Record<string, string>>;
  readonly seed: number;
  /** `cpu`, `webgpu`, `cuda`. */
  readonly device: string;
  readonly preset: string;
  readonly photo: {
    /** File name without folders: reports are shared, home folders are not. */
    readonly file: string;
    readonly widthPx: number;
    readonly heightPx: number;
    readonly originalWidthPx: number;
    readonly originalHeightPx: number;
    /** Of the photo file's bytes, where they were at hand. */
    readonly sha256?: string;
  };
  readonly face: {
    /** 1 = the largest face. */
    readonly number: number;
    /** Faces found in the photo. */
    readonly of: number;
    readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
    readonly score: number;
    readonly pose: {
      readonly rollDegrees: number;
      readonly yawDegrees: number;
      readonly pitchDegrees: number;
    };
  };
  readonly model: {
    readonly name: string;
    readonly version: string;
    readonly licence: string;
    readonly vertexCount: number;
    readonly identityNames: readonly string[];
    readonly expressionNames: readonly string[];
  };
  readonly identity: Float32Array;
  readonly expression: Float32Array;
  readonly camera: {
    readonly widthPx: number;
    readonly heightPx: number;
    readonly focalPx: number;
    readonly principalPointPx: readonly [number, number];
    readonly rotation: readonly [number, number, number];
    readonly translationMm: readonly [number, number, number];
  };
  /** Whether the focal length was held to what the photo's EXIF tags say or estimated from the face's perspective. */
  readonly focalSource: 'exif' | 'estimated';
  /** [27] spherical-harmonic coefficients, red then green then blue. */
  readonly lightCoefficients?: Float32Array;
  readonly scale: {
    readonly basis: 'iris' | 'model';
    readonly factor: number;
    readonly relativeUncertainty: number;
  };
  readonly stages: readonly {
    readonly name: string;
    readonly iterations: number;
    readonly losses: Readonly<Record<string, number>>;
    readonly milliseconds: number;
    /** `converged`, `plateau` or `steps`. */
    readonly stopped?: string;
  }[];
  /** The joint fit, where one was run. */
  readonly joint?: {
    readonly identityNetwork?: string;
    readonly textureModel: string;
    /** How several photos were brought together: `joint` or `average`. */
    readonly sharing: string;
    /** One entry a step, in order. */
    readonly history: readonly {
      readonly stage: string;
      readonly step: number;
      readonly loss: number;
      readonly losses: Readonly<Partial<Record<string, number>>>;
    }[];
    /** Milliseconds by part. */
    readonly timings: Readonly<Record<string, number>>;
  };
  /** How far each region rests on the photo, 0..1. */
  readonly confidence: Readonly<Record<string, number>>;
  /** Every photo of a head that was fitted to several. */
  readonly photos?: readonly FitReportPhoto[];
  readonly landmarkError: { readonly median: number; readonly rms: number };
  readonly texture: {
    readonly kind: string;
    /** The texture model's name, and p_t in standard deviations, where there is one. */
    readonly model?: string;
    readonly latent?: Float32Array;
    readonly sizePx: number;
    /** Share of the face's texels taken from the photo, 0..1. */
    readonly photoShare?: number;
  };
  /** `before`: of the landmark fit's head, where a joint fit followed. */
  readonly identitySimilarity?: {
    readonly value: number;
    readonly before?: number;
    readonly network: string;
  };
  /** Milliseconds by step. */
  readonly timings: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  /** Names of the files written beside this one, by role. */
  readonly files: Readonly<Record<string, string>>;
}

/** One of several photos of one head: what is its own. */
export interface FitReportPhoto {
  readonly file: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sha256?: string;
  readonly expression: Float32Array;
  readonly camera: FitReportInput['camera'];
  readonly focalSource: FitReportInput['focalSource'];
  readonly lightCoefficients?: Float32Array;
  readonly landmarkError: FitReportInput['landmarkError'];
  readonly identitySimilarity?: { readonly value: number; readonly before?: number };
  readonly photoShare: number;
  readonly confidence: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  /** Name of its overlay. */
  readonly overlay?: string;
}

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The layout's version: raised when a field changes its meaning or goes away. */
export const FIT_REPORT_SCHEMA_VERSION = 1;

/**
 * Builds the content of `fit.json`. Camera and parameters are in the model's millimetres; `scale.factor` takes them
 * to real ones. Numbers are rounded to what float32 can tell apart, timings to 0.1 ms.
 */
export function fitReport(input: FitReportInput): { readonly [key: string]: Json } {
  const { camera, scale } = input;
  return {
    schemaVersion: FIT_REPORT_SCHEMA_VERSION,
    generator: 'likeness',
    version: input.version,
    versions: { ...input.versions },
    seed: input.seed,
    device: input.device,
    preset: input.preset,
    photo: { ...input.photo },
    face: {
      number: input.face.number,
      of: input.face.of,
      box: rounded({ ...input.face.box }),
      score: round(input.face.score),
      pose: rounded({ ...input.face.pose }),
    },
    model: {
      name: input.model.name,
      version: input.model.version,
      licence: input.model.licence,
      vertexCount: input.model.vertexCount,
    },
    identity: named(input.model.identityNames, input.identity, 'identity'),
    expression: named(input.model.expressionNames, input.expression, 'expression'),
    camera: cameraJson(camera, input.focalSource, scale.factor),
    lighting: input.lightCoefficients === undefined ? null : lighting(input.lightCoefficients),
    scale: {
      basis: scale.basis,
      factor: round(scale.factor),
      relativeUncertainty: round(scale.relativeUncertainty),
      statement: scaleStatement(scale),
    },
    stages: input.stages.map((stage) => ({
      name: stage.name,
      iterations: stage.iterations,
      losses: rounded(stage.losses),
      milliseconds: tenth(stage.milliseconds),
      ...(stage.stopped === undefined ? {} : { stopped: stage.stopped }),
    })),
    ...(input.joint === undefined ? {} : { joint: jointJson(input.joint) }),
    landmarkError: { median: round(input.landmarkError.median), rms: round(input.landmarkError.rms) },
    texture: {
      kind: input.texture.kind,
      ...(input.texture.model === undefined ? {} : { model: input.texture.model }),
      ...(input.texture.latent === undefined ? {} : { latent: Array.from(input.texture.latent, round) }),
      sizePx: input.texture.sizePx,
      photoShare: input.texture.photoShare === undefined ? null : round(input.texture.photoShare),
    },
    identitySimilarity:
      input.identitySimilarity === undefined
        ? null
        : { ...similarityJson(input.identitySimilarity), network: input.identitySimilarity.network },
    confidence: rounded(input.confidence),
    ...(input.photos === undefined ? {} : { photos: input.photos.map((photo) => photoJson(photo, input)) }),
    timings: Object.fromEntries(Object.entries(input.timings).map(([name, ms]) => [name, tenth(ms)])),
    warnings: [...input.warnings],
    files: { ...input.files },
  };
}

function cameraJson(
  camera: FitReportInput['camera'],
  focalSource: FitReportInput['focalSource'],
  scaleFactor: number,
): { readonly [key: string]: Json } {
  return {
    widthPx: camera.widthPx,
    heightPx: camera.heightPx,
    focalPx: round(camera.focalPx),
    focalSource,
    principalPointPx: camera.principalPointPx.map(round),
    rotationAxisAngle: camera.rotation.map(round),
    translationMm: camera.translationMm.map(round),
    distanceMm: round(Math.hypot(...camera.translationMm) * scaleFactor),
    verticalFieldOfViewDegrees: round((2 * Math.atan(camera.heightPx / 2 / camera.focalPx) * 180) / Math.PI),
  };
}

function similarityJson({ value, before }: { readonly value: number; readonly before?: number }): {
  [key: string]: number;
} {
  return { value: round(value), ...(before === undefined ? {} : { before: round(before) }) };
}

/** Columns instead of one object a step: an array a term, null where a stage does not have it. */
function jointJson(joint: NonNullable<FitReportInput['joint']>): { readonly [key: string]: Json } {
  const { history } = joint;
  const terms = [...new Set(history.flatMap(({ losses }) => Object.keys(losses)))];
  const column = (term: string): (number | null)[] =>
    history.map(({ losses }) => {
      const value = losses[term];
      return value === undefined ? null : round(value);
    });
  return {
    identityNetwork: joint.identityNetwork ?? null,
    textureModel: joint.textureModel,
    sharing: joint.sharing,
    history: {
      stage: history.map(({ stage }) => stage),
      step: history.map(({ step }) => step),
      loss: history.map(({ loss }) => round(loss)),
      terms: Object.fromEntries(terms.map((term) => [term, column(term)])),
    },
    timings: Object.fromEntries(Object.entries(joint.timings).map(([name, ms]) => [name, tenth(ms)])),
  };
}

function photoJson(photo: FitReportPhoto, input: FitReportInput): { readonly [key: string]: Json } {
  return {
    file: photo.file,
    widthPx: photo.widthPx,
    heightPx: photo.heightPx,
    ...(photo.sha256 === undefined ? {} : { sha256: photo.sha256 }),
    expression: named(input.model.expressionNames, photo.expression, 'expression'),
    camera: cameraJson(photo.camera, photo.focalSource, input.scale.factor),
    lighting: photo.lightCoefficients === undefined ? null : lighting(photo.lightCoefficients),
    landmarkError: rounded(photo.landmarkError),
    identitySimilarity:
      photo.identitySimilarity === undefined ? null : similarityJson(photo.identitySimilarity),
    photoShare: round(photo.photoShare),
    confidence: rounded(photo.confidence),
    warnings: [...photo.warnings],
    ...(photo.overlay === undefined ? {} : { overlay: photo.overlay }),
  };
}

/** What the absolute size rests on, in words. */
export function scaleStatement(scale: FitReportInput['scale']): string {
  const percent = (100 * scale.relativeUncertainty).toFixed(1);
  return scale.basis === 'iris'
    ? `Size from the visible iris, taken as 11.7 mm +- 0.5 mm across, and the model's own size: +- ${percent}% (one standard deviation).`
    : `Size from the head model's mean, no measure in the photo: +- ${percent}% (one standard deviation).`;
}

function named(names: readonly string[], values: Float32Array, what: string): { [key: string]: number } {
  if (names.length !== values.length)
    throw new RangeError(
      `The fit report has ${values.length} ${what} coefficients for ${names.length} names; they must agree.`,
    );
  return Object.fromEntries(names.map((name, i) => [name, round(values[i])]));
}

function lighting(coefficients: Float32Array): Json {
  if (coefficients.length !== 27)
    throw new RangeError(
      `Spherical-harmonic light needs 27 coefficients (3 channels of 9), received ${coefficients.length}.`,
    );
  const channel = (c: number): number[] => Array.from(coefficients.slice(9 * c, 9 * c + 9), round);
  return { kind: 'spherical-harmonics', red: channel(0), green: channel(1), blue: channel(2) };
}

function rounded(values: Readonly<Record<string, number>>): { [key: string]: number } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value)]));
}

/** Seven significant digits: what float32 holds. */
function round(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`The fit report may not hold ${value}.`);
  return Number(value.toPrecision(7));
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
