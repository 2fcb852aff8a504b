/** A fitted head with the ways to write it: what `likeness.fit` returns. */
import { createHash } from 'node:crypto';
import { fitReport, writeGlb, writeObj } from '@likeness/core/export';
import type {
  ExportHead,
  FitReportInput,
  FitReportPhoto,
  GlbOptions,
  Json,
  ObjFiles,
  ObjOptions,
} from '@likeness/core/export';
import { exportHead } from '@likeness/core/pipeline';
import type { HeadPhoto, HeadResult } from '@likeness/core/pipeline';
import { encodePng } from './codec-encode.ts';
import type { DecodedPhoto } from './codec.ts';
import { snapshotGif, snapshotStrip } from './snapshots.ts';
import type { SnapshotGifOptions, SnapshotStripOptions } from './snapshots.ts';
import { GENERATOR, VERSION, runtimeVersions } from './likeness-versions.ts';

/** One photo of a head and where it came from. */
export interface HeadSourcePhoto {
  readonly photo: Pick<DecodedPhoto, 'width' | 'height'> &
    Partial<Pick<DecodedPhoto, 'originalWidth' | 'originalHeight' | 'focalPx'>>;
  /** The photo file's bytes, where there was a file. */
  readonly bytes?: Uint8Array;
  readonly name?: string;
}

/** Where the photos of a head came from. */
export interface HeadSource {
  readonly photos: readonly HeadSourcePhoto[];
  /** Which of them `result.face` and `result.overlay` belong to (default the first). */
  readonly shown?: number;
  /** 1 = the largest face. */
  readonly face: { readonly number: number; readonly of: number };
  readonly device: 'cpu' | 'webgpu' | 'cuda';
  /** From opening the photo to the finished head. */
  readonly milliseconds: number;
  /** Milliseconds of what came before the fit (load, decode, analyse). */
  readonly timings: Readonly<Record<string, number>>;
}

export interface ReportOptions {
  /** Photo file name, without folders; of several photos, that of the one that is shown. */
  readonly photoFile?: string;
  /** File names of several photos, in their order, and of their overlays. */
  readonly photoFiles?: readonly string[];
  readonly overlayFiles?: readonly string[];
  /** Names of the files written, by role. */
  readonly files?: Readonly<Record<string, string>>;
  /** Further milliseconds by step. */
  readonly timings?: Readonly<Record<string, number>>;
}

export interface Head {
  /** Everything about the fit as plain data. */
  readonly result: HeadResult;
  readonly face: { readonly number: number; readonly of: number };
  /** From opening the photo to the finished head, without loading the models. */
  readonly milliseconds: number;
  /** One binary glTF file. */
  toGlb(options?: GlbOptions): Promise<Uint8Array>;
  /** Wavefront OBJ and its material library; the albedo is a file of its own (`albedoPng`). */
  toObj(options?: ObjOptions): ObjFiles;
  albedoPng(): Promise<Uint8Array>;
  /** Photo, render over photo, shape and albedo side by side. @param photo index where there are several photos */
  overlayPng(photo?: number): Promise<Uint8Array>;
  /** A PNG strip of the renders that `snapshotEvery` kept. @throws RangeError where none were kept */
  snapshotsPng(options?: SnapshotStripOptions): Promise<Uint8Array>;
  /** The same as an animated GIF. */
  snapshotsGif(options?: SnapshotGifOptions): Promise<Uint8Array>;
  /** The content of `fit.json`. */
  report(options?: ReportOptions): { readonly [key: string]: Json };
}

export function createHead(result: HeadResult, source: HeadSource): Head {
  let albedo: Promise<Uint8Array> | undefined;
  const albedoPng = (): Promise<Uint8Array> => (albedo ??= encodePng(result.albedo));
  const plain: ExportHead = exportHead({ result, generator: GENERATOR });
  return {
    result,
    face: source.face,
    milliseconds: source.milliseconds,
    toGlb: async (options = {}) =>
      writeGlb({ ...plain, albedo: { bytes: await albedoPng(), mimeType: 'image/png' } }, options),
    // The MTL names the albedo file by itself; the bytes only say that there is one.
    toObj: (options = {}) =>
      writeObj({ ...plain, albedo: { bytes: new Uint8Array(0), mimeType: 'image/png' } }, options),
    albedoPng,
    overlayPng: async (photo) => {
      if (photo === undefined) return encodePng(result.overlay);
      const found = result.photos?.[photo];
      if (found === undefined)
        throw new RangeError(
          `The head has ${result.photos?.length ?? 1} photos, so there is no overlay ${photo}.`,
        );
      return encodePng(found.overlay);
    },
    snapshotsPng: async (options) => snapshotStrip(result.joint?.snapshots ?? [], options),
    snapshotsGif: async (options) => snapshotGif(result.joint?.snapshots ?? [], options),
    report: (options = {}) => fitReport(reportInput(result, source, options)),
  };
}

function reportInput(result: HeadResult, source: HeadSource, options: ReportOptions): FitReportInput {
  const { model, fit, face, joint } = result;
  const shown = source.photos[source.shown ?? 0];
  const { photo } = shown;
  return {
    version: VERSION,
    versions: runtimeVersions(),
    seed: result.seed,
    device: source.device,
    preset: result.preset,
    photo: {
      file: options.photoFile ?? '',
      widthPx: photo.width,
      heightPx: photo.height,
      originalWidthPx: photo.originalWidth ?? photo.width,
      originalHeightPx: photo.originalHeight ?? photo.height,
      ...hashOf(shown),
    },
    face: {
      ...source.face,
      box: face.detection.box,
      score: face.detection.score,
      pose: face.pose,
    },
    model: {
      name: model.name,
      version: model.version,
      licence: model.licence,
      vertexCount: model.vertexCount,
      identityNames: model.identity.names,
      expressionNames: model.expression.names,
    },
    identity: fit.parameters.identity,
    expression: fit.parameters.expression,
    camera: fit.parameters.camera,
    focalSource: focalSourceOf(shown),
    ...(fit.parameters.light === undefined ? {} : { lightCoefficients: fit.parameters.light.coefficients }),
    scale: fit.scale,
    stages: fit.stages,
    landmarkError: fit.landmarkError,
    texture: { ...result.texture, sizePx: result.albedo.width, photoShare: result.photoShare },
    ...(result.identitySimilarity === undefined || result.identityNetwork === undefined
      ? {}
      : {
          identitySimilarity: {
            value: result.identitySimilarity,
            network: result.identityNetwork,
            ...(result.identitySimilarityBefore === undefined
              ? {}
              : { before: result.identitySimilarityBefore }),
          },
        }),
    confidence: result.confidence,
    ...(joint === undefined ? {} : { joint }),
    ...(result.photos === undefined
      ? {}
      : { photos: result.photos.map((own) => photoReport(own, source, options)) }),
    timings: { ...source.timings, ...result.timings, ...options.timings },
    warnings: result.warnings,
    files: options.files ?? {},
  };
}

function photoReport(
  own: HeadPhoto,
  { photos }: HeadSource,
  { photoFiles, overlayFiles }: ReportOptions,
): FitReportPhoto {
  const { index, fit } = own;
  const from = photos[index];
  const { expression, camera, light } = fit.parameters;
  const overlay = overlayFiles?.[index];
  return {
    file: photoFiles?.[index] ?? '',
    widthPx: from.photo.width,
    heightPx: from.photo.height,
    ...hashOf(from),
    expression,
    camera,
    focalSource: focalSourceOf(from),
    ...(light === undefined ? {} : { lightCoefficients: light.coefficients }),
    landmarkError: fit.landmarkError,
    ...(own.identitySimilarity === undefined
      ? {}
      : {
          identitySimilarity: {
            value: own.identitySimilarity,
            ...(own.identitySimilarityBefore === undefined ? {} : { before: own.identitySimilarityBefore }),
          },
        }),
    photoShare: own.photoShare,
    confidence: own.confidence,
    warnings: own.warnings,
    ...(overlay === undefined ? {} : { overlay }),
  };
}

function hashOf({ bytes }: HeadSourcePhoto): { readonly sha256?: string } {
  return bytes === undefined ? {} : { sha256: createHash('sha256').update(bytes).digest('hex') };
}

function focalSourceOf({ photo }: HeadSourcePhoto): 'exif' | 'estimated' {
  return photo.focalPx === undefined ? 'estimated' : 'exif';
}
