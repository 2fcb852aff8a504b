/**
 * What fits use beside the photo, loaded when the first fit asks for it and kept for the next: texture models, identity
 * networks, and the compiled programs of the joint fit (tracing and loading those takes as long as several iterations).
 */
import {
  compileIdentityNetwork,
  faceResNetwork,
  IdentityNetworkError,
  type CompiledIdentityNetwork,
  type DifferentiableIdentityNetwork,
  type IdentityNetwork,
  type NetworkFiles,
} from '@likeness/core/analysis';
import { createJointFitter, type JointFitter } from '@likeness/core/fitting/joint';
import type { Image } from '@likeness/core/image';
import { ModelFileError, type MorphableModel } from '@likeness/core/model';
import type { FitAssets, TextureKind } from '@likeness/core/pipeline';
import {
  linearTextureModel,
  toneTexture,
  type LinearTexture,
  type TextureModel,
} from '@likeness/core/texture';
import type { Runtime } from '@likeness/graph';
import { loadIdentityNetwork } from './identity-network.ts';
import { loadLinearTexture } from './likeness-skin.ts';
import { loadDefaultGenerator, loadTextureGenerator } from './texture-generator.ts';

export interface FitAssetsSource {
  readonly model: MorphableModel;
  readonly templateSkin: Image | undefined;
  /** The analysis' own identity network and its files. */
  readonly identity: IdentityNetwork;
  readonly faceRes: NetworkFiles;
  readonly runtime: Runtime;
  readonly threads: number;
  /** The generator that comes with this version (default `loadDefaultGenerator`). */
  readonly defaultGenerator?: (model: MorphableModel) => Promise<TextureModel | undefined>;
}

/** What a fit asks for. */
export interface FitAssetsRequest {
  readonly texture: TextureKind;
  /** Whether the joint fit is run. */
  readonly joint: boolean;
  /** Path of an identity network instead of FaceRes, or a network. */
  readonly identityNetwork?: string | DifferentiableIdentityNetwork | undefined;
  /** Path of a texture generator instead of the one that comes with this version. Without one `completed` is a draft's by the
   * template skin and a joint fit's by the generator of this version, else by the linear model. The joint fit itself moves in the
   * generator for `generated` alone: it takes 1.4 times as long there. */
  readonly generator?: string | undefined;
}

export interface FitAssetsStore {
  get(request: FitAssetsRequest): Promise<PreparedAssets>;
  dispose(): Promise<void>;
}

export interface PreparedAssets {
  readonly assets: FitAssets;
  /** The network that measures similarity where it is not the analysis' own: faces must be embedded by it. */
  readonly measure?: CompiledIdentityNetwork;
  /** One sentence for each thing that a network's file left open. */
  readonly notes: readonly string[];
}

interface UserNetwork {
  readonly network: DifferentiableIdentityNetwork;
  readonly measure: CompiledIdentityNetwork;
  readonly notes: readonly string[];
}

export function createFitAssets(source: FitAssetsSource): FitAssetsStore {
  const { model, runtime, threads } = source;
  const shared = { runtime, threads };
  const linear = once(() => loadLinearTexture(model));
  let plain: LinearTexture | undefined;
  const tone = (): LinearTexture => (plain ??= toneTexture(model.name));
  const faceRes = once(() => Promise.resolve(faceResNetwork(source.faceRes)));
  const generators = keyed((path: string) =>
    path === '' ? (source.defaultGenerator ?? loadDefaultGenerator)(model) : loadTextureGenerator(path),
  );
  const networks = keyed(async (key: string | DifferentiableIdentityNetwork): Promise<UserNetwork> => {
    const network = typeof key === 'string' ? await loadIdentityNetwork(key) : key;
    const guessed = 'guessed' in network ? (network.guessed as readonly string[]) : [];
    const measure = await compileIdentityNetwork(network, shared).catch((error: unknown) => {
      const reason = (error as Error).message.split('\n')[0].replace(/\.$/, '');
      throw new IdentityNetworkError(`The identity network ${network.name} cannot be run (${reason}).`, {
        cause: error,
      });
    });
    return {
      network,
      measure,
      notes: guessed.map((guess) => `The identity network ${network.name} does not say all: ${guess}.`),
    };
  });
  // At most one: a fitter's programs hold a few hundred MB.
  let kept:
    { readonly texture: TextureModel; readonly network: unknown; readonly fitter: JointFitter } | undefined;

  const fitterFor = async (
    texture: TextureModel,
    identity: DifferentiableIdentityNetwork,
  ): Promise<JointFitter> => {
    if (kept?.texture === texture && kept.network === identity) return kept.fitter;
    await kept?.fitter.dispose();
    const fitter = createJointFitter({ model, texture, identity, ...shared });
    kept = { texture, network: identity, fitter };
    return fitter;
  };
  const linearModels = new WeakMap<LinearTexture, TextureModel>();
  const linearModel = (data: LinearTexture): TextureModel => {
    const found = linearModels.get(data) ?? linearTextureModel(data);
    linearModels.set(data, found);
    return found;
  };

  return {
    get: async ({ texture, joint, identityNetwork, generator }) => {
      const user = identityNetwork === undefined ? undefined : await networks.get(identityNetwork);
      // A draft's 0.7 s leave no time for a generator (encoder 0.4 s, network 0.4 s): it is asked only where it is named.
      const wantsGenerator =
        texture === 'generated' || (texture === 'completed' && (joint || generator !== undefined));
      const generated = wantsGenerator ? await generators.get(generator ?? '') : undefined;
      if (texture === 'generated' && generated === undefined)
        throw new ModelFileError(
          `There is no texture generator for the head model ${model.name} in this version: use the texture completed or pca, or give a generator of your own.`,
        );
      if (generated !== undefined && generated.headModel !== model.name)
        throw new ModelFileError(
          `The texture generator ${generated.name} draws in the chart of ${generated.headModel}, not of ${model.name}: use it with that head model.`,
        );
      const wantsLinear = texture === 'pca' || (joint && texture !== 'generated');
      const known = wantsLinear ? await linear() : undefined;
      if (texture === 'pca' && known === undefined)
        throw new ModelFileError(
          `There is no linear texture model for the head model ${model.name}: use the texture completed.`,
        );
      // Heads that no texture model was learned for have a colour at least.
      const data = wantsLinear ? (known ?? tone()) : undefined;
      const fitted = texture === 'generated' ? generated : undefined;
      const textureModel = fitted ?? (data === undefined ? undefined : linearModel(data));
      const network = user?.network ?? (joint ? await faceRes() : undefined);
      return {
        assets: {
          model,
          identity: user?.measure ?? source.identity,
          ...shared,
          ...(source.templateSkin === undefined ? {} : { templateSkin: source.templateSkin }),
          ...(data === undefined ? {} : { linearTexture: data }),
          ...(textureModel === undefined ? {} : { textureModel }),
          ...(texture === 'completed' && generated !== undefined ? { completion: generated } : {}),
          ...(network === undefined ? {} : { identityNetwork: network }),
          ...(joint && textureModel !== undefined && network !== undefined
            ? { jointFitter: await fitterFor(textureModel, network) }
            : {}),
        },
        ...(user === undefined ? {} : { measure: user.measure }),
        notes: user?.notes ?? [],
      };
    },
    dispose: async () => {
      await kept?.fitter.dispose();
      kept = undefined;
      for (const { measure } of await networks.loaded()) await measure.dispose();
    },
  };
}

/** Loads once; a failure is not remembered. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  const all = keyed(load);
  return () => all.get('');
}

function keyed<K, T>(
  load: (key: K) => Promise<T>,
): { get(key: K): Promise<T>; loaded(): Promise<readonly T[]> } {
  const entries = new Map<K, Promise<T>>();
  return {
    get: (key) => {
      let found = entries.get(key);
      if (!found) {
        found = load(key);
        entries.set(key, found);
        found.catch(() => entries.delete(key));
      }
      return found;
    },
    loaded: async () =>
      (await Promise.allSettled(entries.values())).flatMap((entry) =>
        entry.status === 'fulfilled' ? [entry.value] : [],
      ),
  };
}
