/**
 * FaceRes as a differentiable identity network. It is the same network and the same crop as `createFaceResIdentity`, so a
 * render is compared with the photo by the figures that the rest of the product reports.
 */
import { importTfjs, mul, normalize, transpose } from '@likeness/graph';
import { squareToImage } from '../image/index.ts';
import { FACERES_DEFAULTS, FACERES_INPUT_PX, type FaceResOptions } from './face-res.ts';
import { regionOfLandmarks } from './face-region.ts';
import { cropMatrix, type DifferentiableIdentityNetwork } from './identity-network.ts';
import type { NetworkFiles } from './program.ts';

/**
 * The stem and the thirteen blocks of MobileNet v1: what the ReLU at each block's end gives. The ReLUs between depthwise
 * and pointwise convolutions are left out: they are half-way states of the same blocks and would double the cost.
 */
export const FACERES_ACTIVATIONS: readonly string[] = [
  'conv1_relu/clip_by_value',
  ...Array.from({ length: 13 }, (_, i) => `conv_pw_${i + 1}_relu/clip_by_value`),
];

const EMBEDDING = 'global_pooling/Mean';

/**
 * @param files of `@vladmandic/human`'s FaceRes
 * @returns embedding [n, 1024]; activations `conv1` [n, 32, 112, 112], `block1` [n, 64, 112, 112] .. `block13` [n, 1024, 7, 7]
 */
export function faceResNetwork(
  files: NetworkFiles,
  options: FaceResOptions = {},
): DifferentiableIdentityNetwork {
  const model = importTfjs(files.model, files.weights);
  const input = model.inputs[0].name;
  const cropScale = options.cropScale ?? FACERES_DEFAULTS.cropScale;
  return {
    name: 'faceres',
    sizePx: FACERES_INPUT_PX,
    outside: 'edge',
    embed: (image) => {
      // The importer works in [n, c, h, w]: this transpose and its own cancel.
      const pixels = transpose(mul(image, 255), [0, 2, 3, 1]);
      const found = model.apply({ [input]: pixels }, [EMBEDDING, ...FACERES_ACTIVATIONS]);
      return {
        embedding: normalize(found[EMBEDDING]),
        activations: Object.fromEntries(
          FACERES_ACTIVATIONS.map((name, i) => [
            i === 0 ? 'conv1' : `block${i}`,
            transpose(found[name], [0, 3, 1, 2]),
          ]),
        ),
      };
    },
    cropOf: (landmarks) =>
      cropMatrix(squareToImage(regionOfLandmarks(landmarks, cropScale), FACERES_INPUT_PX)),
  };
}
