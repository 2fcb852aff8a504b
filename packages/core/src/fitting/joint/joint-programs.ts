/**
 * The compiled programs of a joint fit, made when they are first needed and kept for the next photo: tracing and loading one
 * takes as long as several iterations.
 */
import { compile, trace, type Program, type Runtime } from '@likeness/graph';
import type { DifferentiableIdentityNetwork } from '../../analysis/index.ts';
import { landmarkModel, type LandmarkEmbedding, type MorphableModel } from '../../model/index.ts';
import type { TextureModel } from '../../texture/index.ts';
import { facePivot } from './head-shape.ts';
import {
  geometryProgram,
  iterationProgram,
  renderProgram,
  viewsOf,
  type ProgramContext,
  type StageShape,
  type TracedProgram,
} from './iteration-program.ts';
import { packedProgram } from './packed-program.ts';
import { parameterSizes } from './program-inputs.ts';
import { JointFitError } from './types.ts';

export interface JointPrograms {
  readonly context: ProgramContext;
  iteration(shape: StageShape): Promise<Program>;
  geometry(withRandom: boolean): Promise<Program>;
  render(shape: Pick<StageShape, 'sizePx' | 'textureSize'>): Promise<Program>;
  /** What the network sees in one crop: `embedding` and its activations. @throws JointFitError without a network */
  features(): Promise<Program>;
  dispose(): Promise<void>;
}

export interface JointProgramOptions {
  readonly model: MorphableModel;
  readonly texture: TextureModel;
  readonly identity?: DifferentiableIdentityNetwork | undefined;
  readonly runtime: Runtime;
  readonly threads?: number | undefined;
}

export function createJointPrograms(options: JointProgramOptions): JointPrograms {
  const { model, texture, identity, runtime, threads } = options;
  const embedding = landmarkEmbedding(model);
  const context: ProgramContext = {
    model,
    texture,
    identity,
    embedding,
    landmarks: landmarkModel(model, embedding),
    pivot: facePivot(model, embedding),
    sizes: parameterSizes(model, texture),
    features: identity ? featureShapes(identity) : {},
  };
  const programs = new Map<string, Promise<Program>>();
  const packed = new Map<string, Promise<Program>>();
  const get = (key: string, make: () => TracedProgram): Promise<Program> => {
    let found = programs.get(key);
    if (!found) {
      const { fn, specs, kept } = make();
      found = compile(fn, specs, { runtime, threads, kept });
      programs.set(key, found);
      // A program that cannot be made is not remembered as one that can.
      found.catch(() => programs.delete(key));
    }
    return found;
  };
  /** A program that draws these views, over the covered pixels alone. */
  const drawn = (
    key: string,
    views: readonly string[],
    sizePx: number,
    make: (room: number) => TracedProgram,
  ): Promise<Program> => {
    if (views.length === 0) return get(key, () => make(0));
    let found = packed.get(key);
    if (!found) {
      const open = (room: number): Promise<Program> => get(`${key} ${room}`, () => make(room));
      found = packedProgram({ views, surface: model, sizePx, open });
      packed.set(key, found);
      found.catch(() => packed.delete(key));
    }
    return found;
  };
  return {
    context,
    iteration: (shape) =>
      drawn(`iteration ${JSON.stringify(shape)}`, viewsOf(shape.losses), shape.sizePx, (room) =>
        iterationProgram(context, shape, room),
      ),
    geometry: (withRandom) =>
      get(`geometry ${String(withRandom)}`, () => geometryProgram(context, withRandom)),
    render: ({ sizePx, textureSize }) =>
      drawn(`render ${sizePx} ${textureSize}`, ['raster'], sizePx, (room) =>
        renderProgram(context, { sizePx, textureSize }, room),
      ),
    features: () =>
      get('features', () => {
        if (!identity)
          throw new JointFitError('A stage asks the identity network, but none was given to the joint fit.');
        return {
          specs: { image: { shape: [1, 3, identity.sizePx, identity.sizePx] } },
          fn: ({ image }) => {
            const { embedding: vector, activations } = identity.embed(image);
            return { embedding: vector, ...activations };
          },
        };
      }),
    dispose: async () => {
      const made = [...programs.values()];
      programs.clear();
      packed.clear();
      for (const program of await Promise.allSettled(made))
        if (program.status === 'fulfilled') await program.value.dispose();
    },
  };
}

/** The dense points: the 68 are too few to hold a shape that can move in a hundred ways. */
function landmarkEmbedding(model: MorphableModel): LandmarkEmbedding {
  const found = model.landmarks['mediapipe468'] as LandmarkEmbedding | undefined;
  if (!found)
    throw new JointFitError(
      `The model ${model.name} has no landmark embedding "mediapipe468", which the joint fit needs.`,
    );
  return found;
}

function featureShapes(identity: DifferentiableIdentityNetwork): Record<string, readonly number[]> {
  const { outputs } = trace(
    ({ image }) => {
      const { embedding, activations } = identity.embed(image);
      return { embedding, ...activations };
    },
    { image: { shape: [1, 3, identity.sizePx, identity.sizePx] } },
  );
  return Object.fromEntries(Object.entries(outputs).map(([name, { shape }]) => [name, shape]));
}
