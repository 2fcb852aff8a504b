/**
 * Everything wired on Node: codecs, ONNX Runtime, the analysis networks and a head model behind one object. This is the
 * library's front door and what the command line stands on.
 */
import { readFile } from 'node:fs/promises';
import { createAnalyser } from '@likeness/core/analysis';
import type { DifferentiableIdentityNetwork, FaceAnalysis } from '@likeness/core/analysis';
import type { JointIteration, Sharing, Stage } from '@likeness/core/fitting/joint';
import type { Photo } from '@likeness/core/image';
import type { MorphableModel } from '@likeness/core/model';
import { FIT_PHOTO_DEFAULTS, fitPerson, fitPhoto, PRESETS, withMouthPocket } from '@likeness/core/pipeline';
import type {
  FitEvent,
  FitPhotoOptions,
  HeadResult,
  PhotoInput,
  PresetName,
  TextureKind,
} from '@likeness/core/pipeline';
import { nodeRuntime } from '@likeness/graph/node';
import type { NodeDevice } from '@likeness/graph/node';
import { decodePhoto } from './codec.ts';
import type { DecodedPhoto } from './codec.ts';
import { createFitAssets, type PreparedAssets } from './fit-assets.ts';
import { createHead } from './likeness-head.ts';
import type { Head } from './likeness-head.ts';
import { loadHeadModel } from './likeness-model.ts';
import { loadTemplateSkin } from './likeness-skin.ts';
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
  /**
   * Path of a texture generator's ONNX file (`loadTextureGenerator`): the whole skin of `texture: 'generated'`, what the photo does
   * not show of `completed`. Default: the generator that comes with this version, if any; a draft's `completed` asks only one
   * that is given.
   */
  readonly generator?: string;
  /** The joint fit's stages instead of the preset's; given, every preset runs them. `readStages` reads them from JSON. */
  readonly stages?: readonly Stage[];
  /** Path of an ArcFace-style ONNX file (`loadIdentityNetwork`), or a network, instead of FaceRes. */
  readonly identityNetwork?: string | DifferentiableIdentityNetwork;
  /** Keeps the render of every so many iterations: `Head.snapshotsPng`, `Head.snapshotsGif`. */
  readonly snapshotEvery?: number;
  readonly seed?: number;
  /** 1 = the largest face. */
  readonly face?: number;
  readonly onEvent?: (event: FitEvent) => void | Promise<void>;
  /** Told after each step of the joint fit, and awaited. */
  readonly onIteration?: (iteration: JointIteration) => void | Promise<void>;
  /** Ends the joint fit at its next step; the fit is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface LikenessFitFacesOptions extends Omit<LikenessFitOptions, 'face'> {
  /** Which faces: the largest, all from the largest down, or one by number (1 = the largest). */
  readonly faces?: 'largest' | 'all' | number;
}

export interface LikenessFitPersonOptions extends LikenessFitOptions {
  /** `joint` (default): shape and texture shared in every step; `average`: each photo by itself, then the mean. */
  readonly sharing?: Sharing;
  /** Names of the photos for warnings; their paths where they are not given. */
  readonly names?: readonly string[];
  /**
   * Told of each photo that cannot be read or shows no face; it is then left out. Without this the first such photo
   * rejects the fit.
   */
  readonly onSkip?: (error: Error, index: number) => void;
}

export interface Likeness extends AsyncDisposable {
  readonly model: MorphableModel;
  /** Every face in the photo, largest first; empty where there is none. */
  analyse(photo: PhotoSource): Promise<FaceAnalysis[]>;
  /**
   * Fits a head to one face of the photo.
   * @throws NoFaceError, UnreadablePhotoError, ModelFileError, IdentityNetworkError
   */
  fit(photo: PhotoSource, options?: LikenessFitOptions): Promise<Head>;
  /**
   * Fits one head to several photos of one person: shape and texture are shared, expression, camera and light are each
   * photo's own. Photos that seem to show somebody else are named in a warning.
   * @throws RangeError for fewer than two photos; NoFaceError where fewer than two can be used; else like `fit`
   */
  fitPerson(photos: readonly PhotoSource[], options?: LikenessFitPersonOptions): Promise<Head>;
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
  const networks = await readAnalysisNetworks();
  const analyser = await createAnalyser(networks, {
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
  const store = createFitAssets({
    model,
    templateSkin,
    identity: analyser.identity,
    faceRes: networks.faceres,
    runtime: nodeRuntime({ device, spinning: false }),
    threads,
  });
  const loadMs = performance.now() - started;

  const prepare = (fitOptions: LikenessFitOptions): Promise<PreparedAssets> =>
    store.get({
      texture: fitOptions.texture ?? FIT_PHOTO_DEFAULTS.texture,
      joint: fitOptions.stages !== undefined || PRESETS[fitOptions.preset ?? FIT_PHOTO_DEFAULTS.preset].joint,
      identityNetwork: fitOptions.identityNetwork,
      generator: fitOptions.generator,
    });

  /** A face with what the measuring network sees in it. */
  const inputOf = async (
    photo: Photo | DecodedPhoto,
    face: FaceAnalysis,
    { measure }: PreparedAssets,
    name?: string,
  ): Promise<PhotoInput> => ({
    photo,
    face,
    ...(name === undefined ? {} : { name }),
    ...('focalPx' in photo && photo.focalPx !== undefined ? { focalPx: photo.focalPx } : {}),
    ...(measure === undefined ? {} : { embedding: await measure.embed(photo, face.landmarks) }),
  });

  const withNotes = (result: HeadResult, { notes }: PreparedAssets): HeadResult =>
    notes.length === 0 ? result : { ...result, warnings: [...result.warnings, ...notes] };

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
    const prepared = await prepare(fitOptions);
    for (const number of numbers) {
      const fitStart = performance.now();
      const { photo: _photo, face, ...input } = await inputOf(photo, found[number - 1], prepared);
      const result = await fitPhoto(
        photo,
        face,
        prepared.assets,
        { ...pipelineOptions(fitOptions), ...input },
        fitOptions.onEvent,
      );
      yield createHead(withNotes(result, prepared), {
        photos: [{ photo, ...(bytes === undefined ? {} : { bytes }) }],
        face: { number, of: found.length },
        device,
        milliseconds: decodeMs + analyseMs + performance.now() - fitStart,
        timings: { load: loadMs, decode: decodeMs, analyse: analyseMs },
      });
    }
  }

  const fitPersonOf: Likeness['fitPerson'] = async (sources, fitOptions = {}) => {
    if (sources.length < 2)
      throw new RangeError(
        `A head of several photos needs at least two of them, but ${sources.length} came: use fit for one.`,
      );
    const began = performance.now();
    const prepared = await prepare(fitOptions);
    const timings = { load: loadMs, decode: 0, analyse: 0 };
    const usable: {
      readonly input: PhotoInput;
      readonly opened: OpenedPhoto;
      readonly number: number;
      readonly of: number;
    }[] = [];
    await fitOptions.onEvent?.({ stage: 'faces', fraction: 0 });
    for (const [index, source] of sources.entries()) {
      const name = fitOptions.names?.[index] ?? (typeof source === 'string' ? source : `photo ${index + 1}`);
      try {
        const opened = await open(source);
        const analysisStart = performance.now();
        const found = await analyser.analyse(opened.photo);
        timings.decode += opened.decodeMs;
        timings.analyse += performance.now() - analysisStart;
        const [number] = chosenFaces(found.length, fitOptions.face ?? 'largest', name);
        const input = await inputOf(opened.photo, found[number - 1], prepared, name);
        usable.push({ input, opened, number, of: found.length });
      } catch (error) {
        if (fitOptions.onSkip === undefined || !(error instanceof Error)) throw error;
        fitOptions.onSkip(error, index);
      }
    }
    if (usable.length < 2)
      throw new NoFaceError(
        `Of ${sources.length} photos of one person only ${usable.length} can be used, and two are needed: give more photos, or fit the one by itself.`,
      );
    const inputs = usable.map(({ input }) => input);
    const result = await fitPerson(
      inputs,
      prepared.assets,
      {
        ...pipelineOptions(fitOptions),
        ...(fitOptions.sharing === undefined ? {} : { sharing: fitOptions.sharing }),
      },
      fitOptions.onEvent,
    );
    const shown = Math.max(
      0,
      inputs.findIndex(({ face }) => face === result.face),
    );
    return createHead(withNotes(result, prepared), {
      photos: usable.map(({ opened: { photo, bytes }, input: { name } }) => ({
        photo,
        ...(bytes === undefined ? {} : { bytes }),
        ...(name === undefined ? {} : { name }),
      })),
      shown,
      face: { number: usable[shown].number, of: usable[shown].of },
      device,
      milliseconds: performance.now() - began,
      timings,
    });
  };

  const dispose = async (): Promise<void> => {
    await store.dispose();
    await analyser.dispose();
  };

  const likeness: Likeness = {
    model,
    analyse: async (source) => analyser.analyse((await open(source)).photo),
    fit: async (source, { face, ...rest } = {}) => {
      for await (const head of fitFaces(source, { ...rest, ...(face === undefined ? {} : { faces: face }) }))
        return head;
      throw new NoFaceError(noFaceSentence(nameOf(source)));
    },
    fitPerson: fitPersonOf,
    fitFaces,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
  return likeness;
}

/** The options that the pipeline takes as they are. */
function pipelineOptions(options: LikenessFitOptions): FitPhotoOptions {
  const { preset, texture, seed, stages, snapshotEvery, onIteration, signal } = options;
  return {
    ...(preset === undefined ? {} : { preset }),
    ...(texture === undefined ? {} : { texture }),
    ...(seed === undefined ? {} : { seed }),
    ...(stages === undefined ? {} : { stages }),
    ...(snapshotEvery === undefined ? {} : { snapshotEvery }),
    ...(onIteration === undefined ? {} : { onIteration }),
    ...(signal === undefined ? {} : { signal }),
    now: () => performance.now(),
  };
}

interface OpenedPhoto {
  readonly photo: Photo | DecodedPhoto;
  readonly bytes?: Uint8Array;
  readonly decodeMs: number;
}

async function open(source: PhotoSource): Promise<OpenedPhoto> {
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
