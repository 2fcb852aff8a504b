/** A fitted head with the ways to write it: what `likeness.fit` returns. */
import { createHash } from 'node:crypto';
import { fitReport, writeGlb, writeObj } from '@likeness/core/export';
import type {
  ExportHead,
  FitReportInput,
  GlbOptions,
  Json,
  ObjFiles,
  ObjOptions,
} from '@likeness/core/export';
import { exportHead } from '@likeness/core/pipeline';
import type { HeadResult } from '@likeness/core/pipeline';
import { encodePng } from './codec-encode.ts';
import type { DecodedPhoto } from './codec.ts';
import { GENERATOR, VERSION, runtimeVersions } from './likeness-versions.ts';

/** Where the photo of a head came from. */
export interface HeadSource {
  readonly photo: Pick<DecodedPhoto, 'width' | 'height'> &
    Partial<Pick<DecodedPhoto, 'originalWidth' | 'originalHeight' | 'focalPx'>>;
  /** The photo file's bytes, where there was a file. */
  readonly bytes?: Uint8Array;
  /** 1 = the largest face. */
  readonly face: { readonly number: number; readonly of: number };
  readonly device: 'cpu' | 'webgpu' | 'cuda';
  /** From opening the photo to the finished head. */
  readonly milliseconds: number;
  /** Milliseconds of what came before the fit (load, decode, analyse). */
  readonly timings: Readonly<Record<string, number>>;
}

export interface ReportOptions {
  /** Photo file name, without folders. */
  readonly photoFile?: string;
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
  /** Photo, render over photo, shape and albedo side by side. */
  overlayPng(): Promise<Uint8Array>;
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
    overlayPng: () => encodePng(result.overlay),
    report: (options = {}) => fitReport(reportInput(result, source, options)),
  };
}

function reportInput(result: HeadResult, source: HeadSource, options: ReportOptions): FitReportInput {
  const { model, fit, face } = result;
  const { photo } = source;
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
      ...(source.bytes === undefined
        ? {}
        : { sha256: createHash('sha256').update(source.bytes).digest('hex') }),
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
    focalSource: photo.focalPx === undefined ? 'estimated' : 'exif',
    ...(fit.parameters.light === undefined ? {} : { lightCoefficients: fit.parameters.light.coefficients }),
    scale: fit.scale,
    stages: fit.stages,
    landmarkError: fit.landmarkError,
    texture: { ...result.texture, sizePx: result.albedo.width, photoShare: result.photoShare },
    ...(result.identitySimilarity === undefined || result.identityNetwork === undefined
      ? {}
      : { identitySimilarity: { value: result.identitySimilarity, network: result.identityNetwork } }),
    timings: { ...source.timings, ...result.timings, ...options.timings },
    warnings: result.warnings,
    files: options.files ?? {},
  };
}
