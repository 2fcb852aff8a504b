// Normalisation layers.
import { ImportError } from '../../imported-model.ts';
import { add, div, mul } from '../../ops/arithmetic.ts';
import { batchNorm, batchNormTraining } from '../../ops/batch-norm.ts';
import { cast } from '../../ops/compare.ts';
import { groupNorm, instanceNorm, layerNorm, rmsNorm } from '../../ops/layer-norm.ts';
import { norm } from '../../ops/norm.ts';
import { localResponseNorm } from '../../ops/response-norm.ts';
import { expand, reshape } from '../../ops/shape.ts';
import { standardize } from '../../ops/standardize.ts';
import { normalizeAxis, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import type { OnnxConverter } from '../call.ts';

/** Parameters may be of a wider type than the data. */
const like = (parameter: Tensor, x: Tensor): Tensor =>
  parameter.dtype === x.dtype ? parameter : cast(parameter, x.dtype);

const convertBatchNorm: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => like(call.tensor(index), x));
  const epsilon = call.float('epsilon', 1e-5);
  if (call.opset < 9 && call.int('spatial', 1) === 0) throw new ImportError('spatial = 0 is not supported');
  if (call.opset < 7 && call.int('is_test', 0) === 0)
    throw new ImportError('batch statistics before opset 7');
  if (call.opset >= 14 && call.int('training_mode', 0) === 1) {
    const momentum = 1 - call.float('momentum', 0.9);
    const { y, running } = batchNormTraining(
      x,
      { mean, variance },
      { scale, bias, epsilon, momentum, unbiased: false },
    );
    return [y, running.mean, running.variance];
  }
  return batchNorm(x, { mean, variance }, { scale, bias, epsilon });
};

/** The factor and offset may broadcast to the normalised axes. */
function parameter(value: Tensor | undefined, x: Tensor, axis: number): Tensor | undefined {
  if (!value) return undefined;
  const shape = x.shape.slice(axis);
  const typed = like(value, x);
  return sameShape(typed.shape, shape) ? typed : expand(typed, shape);
}

const convertLayerNorm: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const axis = normalizeAxis(call.int('axis', -1), x.rank, 'LayerNormalization');
  const scale = parameter(call.optionalTensor(1), x, axis);
  const bias = parameter(call.optionalTensor(2), x, axis);
  const epsilon = call.float('epsilon', 1e-5);
  if (!call.wants(1) && !call.wants(2)) return layerNorm(x, { axis, scale, bias, epsilon });
  const axes = Array.from({ length: x.rank - axis }, (_, index) => axis + index);
  const { value, mean, inverseDeviation } = standardize(x, { axes, epsilon });
  const scaled = scale ? mul(value, scale) : value;
  return [bias ? add(scaled, bias) : scaled, mean, inverseDeviation];
};

/** Scale and bias are per group before opset 21, per channel since. */
const convertGroupNorm: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const groups = call.int('num_groups');
  const spread = (value: Tensor): Tensor => {
    if (call.opset >= 21) return value;
    const size = x.shape[1] / groups;
    return reshape(expand(reshape(value, [groups, 1]), [groups, size]), [x.shape[1]]);
  };
  return groupNorm(x, groups, {
    scale: spread(like(call.tensor(1), x)),
    bias: spread(like(call.tensor(2), x)),
    epsilon: call.float('epsilon', 1e-5),
  });
};

const convertRmsNorm: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const axis = normalizeAxis(call.int('axis', -1), x.rank, 'RMSNormalization');
  return rmsNorm(x, {
    axis,
    scale: parameter(call.optionalTensor(1), x, axis),
    epsilon: call.float('epsilon', 1e-5),
  });
};

const convertLpNormalization: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const order = call.int('p', 2);
  if (order !== 1 && order !== 2) throw new ImportError(`expected p of 1 or 2, received ${order}`);
  const axis = normalizeAxis(call.int('axis', -1), x.rank, 'LpNormalization');
  return div(x, norm(x, { axes: [axis], keepDims: true, order }));
};

const convertMeanVarianceNormalization: OnnxConverter = (call) => {
  const x = call.tensor(0);
  const axes = call.ints('axes') ?? [0, 2, 3];
  return standardize(x, { axes, epsilon: 1e-9 }).value;
};

/** Converters of normalisation layers. */
export const NORMALIZATIONS: Readonly<Record<string, OnnxConverter>> = {
  BatchNormalization: convertBatchNorm,
  InstanceNormalization: (call) => {
    const x = call.tensor(0);
    return instanceNorm(x, {
      scale: like(call.tensor(1), x),
      bias: like(call.tensor(2), x),
      epsilon: call.float('epsilon', 1e-5),
    });
  },
  LayerNormalization: convertLayerNorm,
  GroupNormalization: convertGroupNorm,
  RMSNormalization: convertRmsNorm,
  LpNormalization: convertLpNormalization,
  MeanVarianceNormalization: convertMeanVarianceNormalization,
  LRN: (call) =>
    localResponseNorm(call.tensor(0), {
      size: call.int('size'),
      alpha: call.float('alpha', 1e-4),
      beta: call.float('beta', 0.75),
      bias: call.float('bias', 1),
    }),
};
