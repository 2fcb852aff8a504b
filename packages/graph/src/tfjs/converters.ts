// One converter per TF.js operation: values in, values out, in whichever order of axes they are at hand.
import { ImportError } from '../imported-model.ts';
import { add, div, mul, neg, sub } from '../ops/arithmetic.ts';
import { cast, equal, greater, greaterEqual, less, lessEqual, where } from '../ops/compare.ts';
import { expand, reshape, sum, transpose } from '../ops/shape.ts';
import { matmul, swapLast } from '../ops/matmul.ts';
import { max, mean, min, softmax } from '../ops/reduce.ts';
import { resize2d, type ResizeCoordinates } from '../ops/resize.ts';
import { gather } from '../ops/scatter.ts';
import { concat, pad, slice, split } from '../ops/slice-pad.ts';
import * as activation from '../ops/activation.ts';
import { maximum, minimum, pow } from '../ops/extrema.ts';
import * as unary from '../ops/unary.ts';
import { filled, normalizeAxes, normalizeAxis } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { expectNumbers } from './numbers.ts';
import { convertBatchNorm, convertConv, convertDepthwiseConv, convertPool } from './convolution.ts';
import { activate } from './activation.ts';
import { mapTogether, NCHW_AXIS, Value, type Converter } from './layout.ts';

const elementwise =
  (fn: (x: Tensor) => Tensor): Converter =>
  ([x]) => [x.map(fn)];

const binary =
  (fn: (a: Tensor, b: Tensor) => Tensor): Converter =>
  ([a, b]) => [mapTogether([a, b], fn)];

const reduction =
  (fn: (x: Tensor, options: { axes: number[]; keepDims: boolean }) => Tensor): Converter =>
  ([x, axesInput], attributes) => {
    const axes = normalizeAxes(expectNumbers(axesInput, 'axes'), x.rank, 'reduction');
    const keepDims = attributes.boolean('keep_dims', false);
    if (x.isNchw && (keepDims || axes.join() === '1,2' || axes.length === 4)) {
      const result = fn(x.nchw, { axes: axes.map((axis) => NCHW_AXIS[axis]), keepDims });
      return [keepDims ? Value.nchw(result) : Value.plain(result)];
    }
    return [Value.plain(fn(x.plain, { axes, keepDims }))];
  };

const plain =
  (fn: (...inputs: Tensor[]) => Tensor): Converter =>
  (inputs) => [Value.plain(fn(...inputs.map((input) => input.plain)))];

const convertMatMul: Converter = ([a, b, ...rest], attributes) => {
  const x = attributes.boolean('transpose_a', attributes.boolean('adj_x', false))
    ? swapLast(a.plain)
    : a.plain;
  const y = attributes.boolean('transpose_b', attributes.boolean('adj_y', false))
    ? swapLast(b.plain)
    : b.plain;
  const fused = attributes.texts('fused_ops');
  let product = matmul(x, y);
  let used = 0;
  if (fused[0] === 'BiasAdd' && rest.length === 0) throw new ImportError('a fused bias is missing');
  if (fused[0] === 'BiasAdd') product = add(product, rest[used++].plain);
  return [
    activate(
      Value.plain(product),
      fused.filter((name) => name !== 'BiasAdd'),
      rest.slice(used),
      attributes,
    ),
  ];
};

const convertPad: Converter = ([x, padsInput, fill]) => {
  const pads = expectNumbers(padsInput, 'paddings');
  const value = fill ? expectNumbers(fill, 'padding value')[0] : 0;
  const border = (order: readonly number[]): [number[], number[]] => [
    order.map((axis) => pads[2 * axis]),
    order.map((axis) => pads[2 * axis + 1]),
  ];
  // A border around an image is there for the convolution that follows, which absorbs it in its own order of axes.
  const spatial = x.rank === 4 && pads[0] + pads[1] + pads[6] + pads[7] === 0;
  if (x.isNchw || spatial) return [Value.nchw(pad(x.nchw, ...border([0, 3, 1, 2]), value))];
  return [Value.plain(pad(x.plain, ...border([...x.plain.shape.keys()]), value))];
};

const convertConcat: Converter = (inputs) => {
  const parts = inputs.slice(0, -1);
  const axis = normalizeAxis(expectNumbers(inputs.at(-1), 'axis')[0], parts[0].rank, 'ConcatV2');
  if (parts[0].rank === 4 && parts.some((part) => part.isNchw)) {
    return [
      Value.nchw(
        concat(
          parts.map((part) => part.nchw),
          NCHW_AXIS[axis],
        ),
      ),
    ];
  }
  return [
    Value.plain(
      concat(
        parts.map((part) => part.plain),
        axis,
      ),
    ),
  ];
};

const convertReshape: Converter = ([x, shape]) => [
  Value.plain(reshape(x.plain, expectNumbers(shape, 'shape'))),
];

const convertSqueeze: Converter = ([x], attributes) => {
  const { plain: tensor } = x;
  const listed = attributes.integers('squeeze_dims');
  const axes = new Set(
    listed.length > 0 ? normalizeAxes(listed, tensor.rank, 'Squeeze') : tensor.shape.keys(),
  );
  return [
    Value.plain(
      reshape(
        tensor,
        tensor.shape.filter((extent, axis) => !axes.has(axis) || extent !== 1),
      ),
    ),
  ];
};

const convertExpandDims: Converter = ([x, axisInput]) => {
  const axis = expectNumbers(axisInput, 'axis')[0];
  const { plain: tensor } = x;
  const at = axis < 0 ? axis + tensor.rank + 1 : axis;
  return [Value.plain(reshape(tensor, [...tensor.shape.slice(0, at), 1, ...tensor.shape.slice(at)]))];
};

const convertStridedSlice: Converter = ([x, beginInput, endInput, stepInput], attributes) => {
  const { plain: tensor } = x;
  const begin = expectNumbers(beginInput, 'begin');
  const end = expectNumbers(endInput, 'end');
  const step = stepInput ? expectNumbers(stepInput, 'strides') : begin.map(() => 1);
  const bit = (name: string, axis: number): boolean => ((attributes.integer(name, 0) >> axis) & 1) === 1;
  if (attributes.integer('ellipsis_mask', 0) !== 0 || attributes.integer('new_axis_mask', 0) !== 0) {
    throw new ImportError('ellipsis and new axes are not supported');
  }
  const starts: number[] = [];
  const ends: number[] = [];
  const steps: number[] = [];
  const kept: number[] = [];
  tensor.shape.forEach((extent, axis) => {
    const given = axis < begin.length;
    const stride = given ? step[axis] : 1;
    const single = given && bit('shrink_axis_mask', axis);
    if (!single) kept.push(axis);
    steps.push(single ? 1 : stride);
    starts.push(!given || (bit('begin_mask', axis) && !single) ? (stride > 0 ? 0 : -1) : begin[axis]);
    if (single) ends.push(begin[axis] === -1 ? extent : begin[axis] + 1);
    else ends.push(!given || bit('end_mask', axis) ? (stride > 0 ? extent : -Infinity) : end[axis]);
  });
  const cut = slice(tensor, starts, ends, steps);
  return [
    Value.plain(
      reshape(
        cut,
        kept.map((axis) => cut.shape[axis]),
      ),
    ),
  ];
};

const convertSlice: Converter = ([x, beginInput, sizeInput]) => {
  const begin = expectNumbers(beginInput, 'begin');
  const size = expectNumbers(sizeInput, 'size');
  const { plain: tensor } = x;
  const ends = size.map((extent, axis) => (extent < 0 ? tensor.shape[axis] : begin[axis] + extent));
  return [Value.plain(slice(tensor, begin, ends))];
};

const convertSplit: Converter = ([axisInput, x], attributes) => {
  const axis = normalizeAxis(expectNumbers(axisInput, 'axis')[0], x.rank, 'Split');
  const count = attributes.integer('num_split', 1);
  const cut = (tensor: Tensor, at: number): Tensor[] =>
    split(tensor, filled(count, tensor.shape[at] / count), at);
  if (x.isNchw) return cut(x.nchw, NCHW_AXIS[axis]).map((part) => Value.nchw(part));
  return cut(x.plain, axis).map((part) => Value.plain(part));
};

const convertPack: Converter = (inputs, attributes) => {
  const tensors = inputs.map((input) => input.plain);
  const axis = normalizeAxis(attributes.integer('axis', 0), tensors[0].rank + 1, 'Pack');
  const lifted = tensors.map((x) => reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]));
  return [Value.plain(concat(lifted, axis))];
};

const convertUnpack: Converter = ([x], attributes) => {
  const { plain: tensor } = x;
  const axis = normalizeAxis(attributes.integer('axis', 0), tensor.rank, 'Unpack');
  const parts = split(tensor, filled(tensor.shape[axis], 1), axis);
  return parts.map((part) => Value.plain(reshape(part, part.shape.toSpliced(axis, 1))));
};

const convertTile: Converter = ([x, repeatsInput]) => {
  const { plain: tensor } = x;
  const repeats = expectNumbers(repeatsInput, 'multiples');
  const spreadShape = tensor.shape.flatMap((extent, axis) => [repeats[axis], extent]);
  const column = reshape(
    tensor,
    tensor.shape.flatMap((extent) => [1, extent]),
  );
  return [
    Value.plain(
      reshape(
        expand(column, spreadShape),
        tensor.shape.map((extent, axis) => extent * repeats[axis]),
      ),
    ),
  ];
};

const resizing =
  (mode: 'nearest' | 'bilinear'): Converter =>
  ([x, sizeInput], attributes) => {
    const [height, width] = expectNumbers(sizeInput, 'size');
    let coordinates: ResizeCoordinates = 'asymmetric';
    if (attributes.boolean('align_corners', false)) coordinates = 'alignCorners';
    else if (attributes.boolean('half_pixel_centers', false)) coordinates = 'halfPixel';
    return [Value.nchw(resize2d(x.nchw, { size: [height, width], mode, coordinates }))];
  };

const convertSoftmax: Converter = ([x]) => [
  x.isNchw ? Value.nchw(softmax(x.nchw, 1)) : Value.plain(softmax(x.plain)),
];

const identity: Converter = ([x]) => [x];

/** Converters by TF.js operation name. */
export const CONVERTERS: ReadonlyMap<string, Converter> = new Map<string, Converter>([
  ['Identity', identity],
  ['StopGradient', identity],
  ['_FusedConv2D', convertConv],
  ['Conv2D', convertConv],
  ['FusedDepthwiseConv2dNative', convertDepthwiseConv],
  ['DepthwiseConv2dNative', convertDepthwiseConv],
  ['DepthwiseConv2d', convertDepthwiseConv],
  ['MaxPool', convertPool],
  ['AvgPool', convertPool],
  ['FusedBatchNorm', convertBatchNorm],
  ['FusedBatchNormV2', convertBatchNorm],
  ['FusedBatchNormV3', convertBatchNorm],
  ['MatMul', convertMatMul],
  ['_FusedMatMul', convertMatMul],
  ['BatchMatMul', convertMatMul],
  ['BatchMatMulV2', convertMatMul],
  ['Add', binary(add)],
  ['AddV2', binary(add)],
  ['AddN', (inputs) => [mapTogether(inputs, (...tensors) => tensors.reduce((a, b) => add(a, b)))]],
  ['BiasAdd', binary(add)],
  ['Sub', binary(sub)],
  ['Mul', binary(mul)],
  ['RealDiv', binary(div)],
  ['Div', binary(div)],
  ['Maximum', binary(maximum)],
  ['Minimum', binary(minimum)],
  ['Pow', binary(pow)],
  ['SquaredDifference', binary((a, b) => mul(sub(a, b), sub(a, b)))],
  ['Greater', binary(greater)],
  ['GreaterEqual', binary(greaterEqual)],
  ['Less', binary(less)],
  ['LessEqual', binary(lessEqual)],
  ['Equal', binary(equal)],
  ['Select', plain((condition, a, b) => where(condition, a, b))],
  ['SelectV2', plain((condition, a, b) => where(condition, a, b))],
  ['Neg', elementwise(neg)],
  ['Abs', elementwise(unary.abs)],
  ['Exp', elementwise(unary.exp)],
  ['Log', elementwise(unary.log)],
  ['Sqrt', elementwise(unary.sqrt)],
  ['Rsqrt', elementwise((x) => div(1, unary.sqrt(x)))],
  ['Square', elementwise((x) => mul(x, x))],
  ['Reciprocal', elementwise((x) => div(1, x))],
  ['Floor', elementwise(unary.floor)],
  ['Sign', elementwise(unary.sign)],
  ['Sin', elementwise(unary.sin)],
  ['Cos', elementwise(unary.cos)],
  ['Sigmoid', elementwise(unary.sigmoid)],
  ['Tanh', elementwise(unary.tanh)],
  ['Softplus', elementwise(unary.softplus)],
  ['Relu', elementwise(activation.relu)],
  ['Relu6', elementwise((x) => activation.clip(x, 0, 6))],
  ['Elu', elementwise((x) => activation.elu(x))],
  [
    'LeakyRelu',
    ([x], attributes) => [x.map((tensor) => activation.leakyRelu(tensor, attributes.float('alpha', 0.2)))],
  ],
  ['Prelu', ([x, slope]) => [mapTogether([x, slope], activation.prelu)]],
  [
    'ClipByValue',
    ([x, low, high]) => [
      x.map((tensor) =>
        activation.clip(tensor, expectNumbers(low, 'minimum')[0], expectNumbers(high, 'maximum')[0]),
      ),
    ],
  ],
  ['Cast', ([x], attributes) => [x.map((tensor) => cast(tensor, attributes.dtype('DstT') ?? tensor.dtype))]],
  ['Mean', reduction(mean)],
  ['Sum', reduction(sum)],
  ['Max', reduction(max)],
  ['Min', reduction(min)],
  ['Softmax', convertSoftmax],
  ['Pad', convertPad],
  ['PadV2', convertPad],
  ['ConcatV2', convertConcat],
  ['Reshape', convertReshape],
  ['Squeeze', convertSqueeze],
  ['ExpandDims', convertExpandDims],
  ['Transpose', ([x, order]) => [Value.plain(transpose(x.plain, expectNumbers(order, 'permutation')))]],
  ['StridedSlice', convertStridedSlice],
  ['Slice', convertSlice],
  ['Split', convertSplit],
  ['Pack', convertPack],
  ['Unpack', convertUnpack],
  ['Tile', convertTile],
  [
    'GatherV2',
    ([x, indices, axis]) => [
      Value.plain(gather(x.plain, indices.plain, axis ? expectNumbers(axis, 'axis')[0] : 0)),
    ],
  ],
  ['ResizeBilinear', resizing('bilinear')],
  ['ResizeNearestNeighbor', resizing('nearest')],
]);

/** Operations that read their second input without asking. */
export const TWO_INPUTS: ReadonlySet<string> = new Set(
  (
    '_FusedConv2D Conv2D FusedDepthwiseConv2dNative DepthwiseConv2dNative DepthwiseConv2d MatMul _FusedMatMul ' +
    'BatchMatMul BatchMatMulV2 Add AddV2 BiasAdd Sub Mul RealDiv Div Maximum Minimum Pow SquaredDifference Greater ' +
    'GreaterEqual Less LessEqual Equal Prelu ConcatV2 Split GatherV2'
  ).split(' '),
);
