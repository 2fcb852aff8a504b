/** The product as a predictor for the data sets: a neutral head in millimetres with the landmarks the protocols want. */
import { evaluateModel, landmarkPositions } from '@likeness/core/model';
import type { MorphableModel } from '@likeness/core/model';
import type { PresetName } from '@likeness/core/pipeline';
import type { SurfaceMesh } from '@likeness/core/evaluation';
import { openLikeness } from '@likeness/node';
import type { Likeness } from '@likeness/node';

export interface PredictedHead {
  /** Skin alone, mm, neutral. */
  readonly mesh: SurfaceMesh;
  /** [68, 3] iBUG */
  readonly landmarks: Float32Array;
}

export interface Predictor extends AsyncDisposable {
  readonly model: MorphableModel;
  /** From one photo or several of one person, whose p_s and sizes are averaged. @throws NoFaceError when none shows a face */
  predict(photos: readonly string[]): Promise<PredictedHead>;
}

export async function openPredictor(preset: PresetName): Promise<Predictor> {
  const likeness: Likeness = await openLikeness();
  const { model } = likeness;
  let kept: { photos: string; head: PredictedHead } | undefined;
  return {
    model,
    async predict(photos) {
      // The report's pictures often ask for the photo that was fitted last.
      const asked = photos.join('\0');
      if (kept?.photos === asked) return kept.head;
      const identity = new Float64Array(model.identity.count);
      let factor = 0;
      let used = 0;
      let last: unknown;
      for (const photo of photos) {
        try {
          const { fit } = (await likeness.fit(photo, { preset, seed: 0 })).result;
          for (const [k, value] of fit.parameters.identity.entries()) identity[k] += value;
          factor += fit.scale.factor;
          used++;
        } catch (error) {
          if ((error as Error).name !== 'NoFaceError') throw error;
          last = error;
        }
      }
      if (used === 0) throw last;
      const neutral = evaluateModel(
        model,
        identity.map((x) => x / used),
        [],
      ).map((x) => (x * factor) / used);
      kept = { photos: asked, head: headOf(model, neutral) };
      return kept.head;
    },
    [Symbol.asyncDispose]: () => likeness.dispose(),
  };
}

/** @param positions [V, 3] of the model */
export function headOf(model: MorphableModel, positions: Float32Array): PredictedHead {
  return {
    mesh: skinOf(model, positions),
    landmarks: landmarkPositions(model, model.landmarks['ibug68'], positions),
  };
}

export function skinOf(model: MorphableModel, positions: Float32Array): SurfaceMesh {
  const skin = model.parts.find(({ name }) => name === 'skin') ?? model.parts[0];
  return {
    positions: positions.subarray(0, 3 * (skin.vertexStart + skin.vertexCount)),
    triangles: model.triangles.subarray(
      3 * skin.triangleStart,
      3 * (skin.triangleStart + skin.triangleCount),
    ),
  };
}
