/**
 * Everything wired on Node: codecs, ONNX Runtime, the analysis networks and a head model behind one object. This is the
 * library's front door and what the command line stands on.
 */
import { readFile } from 'node:fs/promises';
import { createAnalyser } from '@likeness/core/analysis';
import type { FaceAnalysis } from '@likeness/core/analysis';
import type { Photo } from '@likeness/core/image';
import { ModelFileError, type MorphableModel } from '@likeness/core/model';
import { fitPhoto, withMouthPocket } from '@likeness/core/pipeline';
import type { FitAssets, FitEvent, PresetName, TextureKind } from '@likeness/core/pipeline';
import { nodeRuntime } from '@likeness/graph/node';
import type { NodeDevice } from '@likeness/graph/node';
import { decodePhoto } from './codec.ts';
import type { DecodedPhoto } from './codec.ts';
import { createHead } from './likeness-head.ts';
import type { Head } from './likeness-head.ts';
import { loadHeadModel } from './likeness-model.ts';
import { loadLinearTexture, loadTemplateSkin } from './likeness-skin.ts';
import { readAnalysisNetworks } from './networks.ts';

/** The photo shows no face, or not the one that was asked for. */
export class NoFaceError extends Error {
  override readonly name = 'NoFaceError';
}

/** The device that was asked for cannot run the networks. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

export interface LikenessOptions {
  /** Name of a model of `@likeness/models`, or a path (see `loadHeadModel`). */
  readonly model?: string;
  /** Where the networks run; the fit itself runs on the CPU. */
  readonly device?: NodeDevice;
  /** Threads of the networks. */
  readonly threads?: number;
}

export const LIKENESS_DEFAULTS: Required<LikenessOptions> = {
  model: 'likeness-head',
  device: 'cpu',
  threads: 2,
};

/** A file, its bytes, or a photo that is decoded already. */
export type PhotoSource = string | Uint8Array | Photo;

export interface LikenessFitOptions {
  readonly preset?: PresetName;
  /** Where the albedo comes from (default `completed`). */
  readonly texture?: TextureKind;
  readonly seed?: number;
  /** 1 = the largest face. */
  readonly face?: number;
  readonly onEvent?: (event: FitEvent) => void | Promise<void>;
}

export interface LikenessFitFacesOptions extends Omit<LikenessFitOptions, 'face'> {
  /** Which faces: the largest, all from the largest down, or one by number (1 = the largest). */
  readonly faces?: 'largest' | 'all' | number;
}

export interface Likeness extends AsyncDisposable {
  readonly model: MorphableModel;
  /** Every face in the photo, largest first; empty where there is none. */
  analyse(photo: PhotoSource): Promise<FaceAnalysis[]>;
  /**
   * Fits a head to one face of the photo.
   * @throws NoFaceError, UnreadablePhotoError
   */
  fit(photo: PhotoSource, options?: LikenessFitOptions): Promise<Head>;
  /** Fits several faces of one photo, one at a time. @throws like `fit` */
  fitFaces(photo: PhotoSource, options?: LikenessFitFacesOptions): AsyncGenerator<Head, void, undefined>;
  dispose(): Promise<void>;
}

/** Loads the networks and the head model, in parallel. The caller disposes of the object. */
export async function openLikeness(options: LikenessOptions = {}): Promise<Likeness> {
  const started = performance.now();
  const threads = options.threads ?? LIKENESS_DEFAULTS.threads;
  const modelLoads = loadHeadModel(options.model ?? LIKENESS_DEFAULTS.model);
  // A bad model must not leave networks behind, nor an unhandled rejection while they load.
  modelLoads.catch(() => undefined);
  const device = options.device ?? LIKENESS_DEFAULTS.device;
  const analyser = await createAnalyser(await readAnalysisNetworks(), {
    // One photo at a time: threads that spin between the networks would burn what the fit needs.
    runtime: nodeRuntime({ device, spinning: false }),
    threads,
  }).catch((error: unknown) => {
    if (device === 'cpu') throw error;
    throw new DeviceError(
      `The device ${device} cannot run the networks on this machine: use the device cpu.`,
      { cause: error },
    );
  });
  let model: MorphableModel;
  try {
    model = withMouthPocket(await modelLoads);
  } catch (error) {
    await analyser.dispose();
    throw error;
  }
  const templateSkin = await loadTemplateSkin(model);
  const assets: FitAssets = {
    model,
    identity: analyser.identity,
    ...(templateSkin === undefined ? {} : { templateSkin }),
  };
  const loadMs = performance.now() - started;

  // Only who asks for it waits for it.
  let linear: Promise<FitAssets> | undefined;
  const withLinearTexture = (): Promise<FitAssets> =>
    (linear ??= loadLinearTexture(model).then((linearTexture) => {
      if (!linearTexture)
        throw new ModelFileError(
          `There is no linear texture model for the head model ${model.name}: use the texture completed.`,
        );
      return { ...assets, linearTexture };
    }));

  async function* fitFaces(
    source: PhotoSource,
    fitOptions: LikenessFitFacesOptions = {},
  ): AsyncGenerator<Head, void, undefined> {
    const { bytes, photo, decodeMs } = await open(source);
    const analysisStart = performance.now();
    await fitOptions.onEvent?.({ stage: 'faces', fraction: 0 });
    const found = await analyser.analyse(photo);
    const analyseMs = performance.now() - analysisStart;
    const numbers = chosenFaces(found.length, fitOptions.faces ?? 'largest', nameOf(source));
    for (const number of numbers) {
      const fitStart = performance.now();
      const result = await fitPhoto(
        photo,
        found[number - 1],
        fitOptions.texture === 'pca' ? await withLinearTexture() : assets,
        {
          ...(fitOptions.preset === undefined ? {} : { preset: fitOptions.preset }),
          ...(fitOptions.texture === undefined ? {} : { texture: fitOptions.texture }),
          ...(fitOptions.seed === undefined ? {} : { seed: fitOptions.seed }),
          ...('focalPx' in photo && photo.focalPx !== undefined ? { focalPx: photo.focalPx } : {}),
          now: () => performance.now(),
        },
        fitOptions.onEvent,
      );
      yield createHead(result, {
        photo,
        ...(bytes === undefined ? {} : { bytes }),
        face: { number, of: found.length },
        device,
        milliseconds: decodeMs + analyseMs + performance.now() - fitStart,
        timings: { load: loadMs, decode: decodeMs, analyse: analyseMs },
      });
    }
  }

  const likeness: Likeness = {
    model,
    analyse: async (source) => analyser.analyse((await open(source)).photo),
    fit: async (source, { face, ...rest } = {}) => {
      for await (const head of fitFaces(source, { ...rest, ...(face === undefined ? {} : { faces: face }) }))
        return head;
      throw new NoFaceError(noFaceSentence(nameOf(source)));
    },
    fitFaces,
    dispose: () => analyser.dispose(),
    [Symbol.asyncDispose]: () => analyser.dispose(),
  };
  return likeness;
}

async function open(
  source: PhotoSource,
): Promise<{ photo: Photo | DecodedPhoto; bytes?: Uint8Array; decodeMs: number }> {
  const start = performance.now();
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) return { photo: source, decodeMs: 0 };
  // A path is opened here and not in the codec: the report wants the bytes' hash.
  const bytes = typeof source === 'string' ? await readFile(source).catch(() => undefined) : source;
  const photo =
    bytes === undefined || typeof source !== 'string'
      ? await decodePhoto(source)
      : await decodePhoto(bytes, { name: source });
  return { photo, ...(bytes === undefined ? {} : { bytes }), decodeMs: performance.now() - start };
}

function chosenFaces(found: number, faces: 'largest' | 'all' | number, name: string): number[] {
  if (found === 0) throw new NoFaceError(noFaceSentence(name));
  if (faces === 'all') return Array.from({ length: found }, (_, i) => i + 1);
  const number = faces === 'largest' ? 1 : faces;
  if (number > found)
    throw new NoFaceError(
      `${name} shows ${found === 1 ? 'one face' : `${found} faces`}, so there is no face ${number}: choose a smaller number.`,
    );
  return [number];
}

function noFaceSentence(name: string): string {
  return `No face was found in ${name}: give a photo that shows a face from the front or half from the side, at least 40 pixels wide.`;
}

function nameOf(source: PhotoSource): string {
  return typeof source === 'string' ? source : 'the photo';
}
