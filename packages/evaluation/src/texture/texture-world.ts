/**
 * What the texture benchmark works with, opened once: the two texture models, the maps of real people, one head from the front,
 * and the networks that look at it. Everything is judged with the same eyes and the same mouth, since texture models draw skin.
 */
import {
  createBlazeFaceDetector,
  createFaceMeshLandmarker,
  createIrisRefiner,
  faceResNetwork,
  ibug68FromMesh,
} from '@likeness/core/analysis';
import type { MorphableModel } from '@likeness/core/model';
import {
  linearTextureModel,
  readLinearTexture,
  replaceSkin,
  type LinearTexture,
  type TextureModel,
} from '@likeness/core/texture';
import { compile, type Runtime } from '@likeness/graph';
import { readAnalysisNetworks } from '@likeness/node';
import {
  FACE_WINDOW,
  levelSize,
  readAlbedo,
  readConfidence,
  type FaceWindow,
  type TextureDataset,
  type TextureMap,
} from '@likeness/training/texture';
import { openOutsideNetwork, outsideNetworkFolder } from '../faces/dlib-network.ts';
import { judgeCoherence, type CoherenceResult } from './coherence.ts';
import { createFrontalView, photoOf, type FrontalView } from './frontal-view.ts';
import { openTextureSource, type TextureSource } from './texture-source.ts';

/** Which model draws. */
export type SourceName = 'generator' | 'linear';

export interface TextureWorld extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly threads: number;
  readonly mapSize: number;
  readonly window: FaceWindow;
  readonly windowSize: readonly [number, number];
  readonly dataset: TextureDataset;
  readonly sources: ReadonlyMap<SourceName, TextureSource>;
  readonly linear: LinearTexture;
  readonly outsideName: string | undefined;
  /** A real map: [3, S, S] bytes. */
  albedo(map: TextureMap): Promise<Uint8Array>;
  /** [S, S] 0..255. */
  confidence(map: TextureMap): Promise<Uint8Array>;
  /** The face's window of a map. @returns [3, h, w] in 0..255 */
  windowOf(map: Uint8Array): Float32Array;
  /** The map's skin around the eyes and mouth that everybody gets. */
  dressed(map: Uint8Array): Uint8Array;
  dressedFloat(map: Float32Array): Float32Array;
  /** [1024] unit length, of the mean head from the front. @param map dressed */
  embed(map: Uint8Array | Float32Array): Promise<Float32Array>;
  /** [128] of the network outside every loss; undefined where it is not installed. */
  embedOutside(map: Uint8Array): Promise<Float32Array | undefined>;
  /** @param map dressed */
  judge(map: Uint8Array): Promise<CoherenceResult>;
  /** The picture that is judged, [size, size, 3]. */
  readonly portrait: FrontalView;
}

export interface TextureWorldInput {
  readonly runtime: Runtime;
  readonly threads: number;
  readonly model: MorphableModel;
  /** Folder of the data set. */
  readonly maps: string;
  readonly dataset: TextureDataset;
  readonly generator: TextureModel | undefined;
  /** Bytes of a linear texture model. */
  readonly linear: Uint8Array;
}

/** Side of the picture that the landmarker sees, and of the identity network's. */
const PORTRAIT_PX = 256;
/** The landmarks' box fills this part of the portrait's side (1 over it), as in a photograph of head and shoulders. */
const PORTRAIT_SCALE = 2;
const CROP_SCALE = 1.5;

export async function openTextureWorld(input: TextureWorldInput): Promise<TextureWorld> {
  const { runtime, threads, model, maps: folder, dataset } = input;
  const mapSize = dataset.size;
  const window = FACE_WINDOW;
  const linear = readLinearTexture(input.linear);
  const options = { runtime, threads };
  const networks = await readAnalysisNetworks();
  const identity = faceResNetwork(networks.faceres);
  const outsideFolder = outsideNetworkFolder();
  const [detector, iris, faceRes, outside, linearSource, generatorSource] = await Promise.all([
    createBlazeFaceDetector(networks.blazeface, options),
    createIrisRefiner(networks.iris, options),
    compile(
      ({ image }) => identity.embed(image).embedding,
      { image: { shape: [1, 3, identity.sizePx, identity.sizePx] } },
      options,
    ),
    outsideFolder === undefined ? undefined : openOutsideNetwork(outsideFolder),
    openTextureSource(linearTextureModel(linear), options),
    input.generator === undefined ? undefined : openTextureSource(input.generator, options),
  ]);
  const landmarker = await createFaceMeshLandmarker(networks.facemesh, iris, options);
  const portrait = createFrontalView(model, { sizePx: PORTRAIT_PX, scale: PORTRAIT_SCALE, mapSize });
  const crop = createFrontalView(model, { sizePx: identity.sizePx, scale: CROP_SCALE, mapSize });
  const points68 = ibug68FromMesh(portrait.landmarks);
  const skin = skinOf(model, mapSize);
  const albedo = (map: TextureMap): Promise<Uint8Array> => readAlbedo(folder, map);
  const dress = await albedo(dataset.maps[0]);
  const plane = mapSize * mapSize;
  const [height, width] = levelSize(window, window.topLevel);
  const sources = new Map<SourceName, TextureSource>();
  if (generatorSource) sources.set('generator', generatorSource);
  sources.set('linear', linearSource);
  return {
    runtime,
    threads,
    mapSize,
    window,
    windowSize: [height, width],
    dataset,
    sources,
    linear,
    outsideName: outside?.name,
    albedo,
    confidence: (map) => readConfidence(folder, map),
    windowOf(map) {
      const out = new Float32Array(3 * height * width);
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++)
            out[(c * height + y) * width + x] = map[c * plane + (y + window.y) * mapSize + x + window.x];
      return out;
    },
    dressed(map) {
      const out = map.slice();
      for (let i = 0; i < plane; i++)
        if (skin[i] === 0) for (let c = 0; c < 3; c++) out[c * plane + i] = dress[c * plane + i];
      return out;
    },
    dressedFloat(map) {
      const out = map.slice();
      for (let i = 0; i < plane; i++)
        if (skin[i] === 0) for (let c = 0; c < 3; c++) out[c * plane + i] = dress[c * plane + i] / 255;
      return out;
    },
    async embed(map) {
      const picture = crop.render(map);
      const image = new Float32Array(picture.length);
      const pixels = crop.sizePx ** 2;
      for (let i = 0; i < pixels; i++)
        for (let c = 0; c < 3; c++) image[c * pixels + i] = picture[i * 3 + c] / 255;
      return (await faceRes.run({ image })).output;
    },
    embedOutside: async (map) => outside?.embed(photoOf(portrait.render(map), PORTRAIT_PX), points68),
    judge: (map) =>
      judgeCoherence(detector, landmarker, photoOf(portrait.render(map), PORTRAIT_PX), portrait.landmarks),
    portrait,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([
        detector.dispose(),
        iris.dispose(),
        landmarker.dispose(),
        faceRes.dispose(),
        outside?.[Symbol.asyncDispose](),
        ...[...sources.values()].map((source) => source[Symbol.asyncDispose]()),
      ]);
    },
  };
}

/** [S, S] 1 where a texture model is trusted: skin, and the gaps beside it. */
function skinOf(model: MorphableModel, size: number): Uint8Array {
  const image = (value: number): { width: number; height: number; channels: 3; data: Uint8Array } => ({
    width: size,
    height: size,
    channels: 3,
    data: new Uint8Array(3 * size * size).fill(value),
  });
  const { data } = replaceSkin(model, image(0), image(1));
  return Uint8Array.from({ length: size * size }, (_, i) => data[i * 3]);
}
