/** The default landmarker of the embedding: the analysis that photos go through, so that its habits cancel out. */
import { createAnalyser } from '@likeness/core/analysis';
import type { FaceAnalysis } from '@likeness/core/analysis';
import type { Photo } from '@likeness/core/image';
import { nodeRuntime } from '@likeness/graph/node';
import { readAnalysisNetworks } from '@likeness/node';
import type { LocateLandmarks } from './embed-landmarks.ts';
import { MEDIAPIPE_COUNT } from './mediapipe-mesh.ts';

export interface AnalyserLocate extends AsyncDisposable {
  /** The largest face of a picture. */
  readonly analyse: (photo: Photo) => Promise<FaceAnalysis | undefined>;
  /** Its 468 mesh points. */
  readonly locate: LocateLandmarks;
}

export async function createAnalyserLocate(): Promise<AnalyserLocate> {
  const analyser = await createAnalyser(await readAnalysisNetworks(), { runtime: nodeRuntime() });
  const analyse = async (photo: Photo): Promise<FaceAnalysis | undefined> =>
    (await analyser.analyse(photo)).at(0);
  return {
    analyse,
    locate: async (photo) => {
      const face = await analyse(photo);
      if (!face) return undefined;
      const { points } = face.landmarks;
      return Float32Array.from(
        { length: MEDIAPIPE_COUNT * 2 },
        (_, i) => points[Math.floor(i / 2) * 3 + (i % 2)],
      );
    },
    [Symbol.asyncDispose]: () => analyser.dispose(),
  };
}
