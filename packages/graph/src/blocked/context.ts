// ONNX Runtime's convolutions on x64 run in a blocked layout, [n, c / B, h, w, B] with B = 16 (AVX-512) or 8: "NCHWc". Its own
// pass brings convolutions, sums and a few activations into that layout, but leaves it at everything else (slices,
// transposed convolutions, per-pixel statistics, broadcasts), and in a program with gradients these stand everywhere. So
// programs are lowered to the blocked operators here, by us: a tensor may have an ordinary name, a blocked one, or both,
// and is reordered only where an operation asks for the form that is not there.
//
// A blocked tensor is declared as [n, C, h, w] with C = c rounded up to whole blocks; its memory is [n, C / B, h, w, B],
// so a Reshape (which moves nothing) gives any ordinary operation access to it. Lanes beyond c hold finite numbers that
// nobody reads. An image of one channel has its value in all lanes, so that it broadcasts over channels.
import type { OnnxAttribute } from '../onnx/model.ts';
import { constantData } from '../ops/input.ts';
import type { Shape } from '../shape.ts';
import type { GraphNode, LoweringContext, Tensor } from '../tensor.ts';
import { blockImage, roundUp } from './kernels.ts';

/** ONNX Runtime's operator set of blocked operators. */
export const BLOCKED_DOMAIN = 'com.microsoft.nchwc';

/** Weights and bias of a blocked convolution, its own copies, which what follows may still change. */
export interface ConvolutionParameters {
  readonly weights: Float32Array;
  readonly bias: Float32Array | undefined;
}

/** An encoded node that later lowerings may still extend (a convolution takes in the sum and the activation after it). */
export interface MutableNode {
  readonly opType: string;
  readonly domain?: string | undefined;
  inputs: string[];
  readonly outputs: string[];
  attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** What blocked lowerings work with. */
export interface BlockedContext extends LoweringContext {
  /** Channels of one block. */
  readonly block: number;
  /** Name of the tensor in the ordinary layout. */
  plain(tensor: Tensor): string;
  /** Name of the tensor [n, c, h, w] in the blocked layout. */
  blocked(tensor: Tensor): string;
  /** True if the blocked form is at hand. */
  isBlocked(tensor: Tensor): boolean;
  /** True if a node or an output reads the tensor. */
  isRead(tensor: Tensor): boolean;
  setPlain(tensor: Tensor, name: string): void;
  /** Lets the ordinary form be written only when something asks for it. */
  defer(tensor: Tensor, write: () => string): void;
  setBlocked(tensor: Tensor, name: string): void;
  /** `input` was changed into `output` where it is made. */
  takeOver(input: Tensor, output: Tensor): void;
  /** `output` is `input`: both forms are shared, and what makes them can no longer be extended. */
  share(input: Tensor, output: Tensor): void;
  /** Appends a blocked operator and returns the name of its output. */
  emitBlocked(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
  ): string;
  /**
   * The blocked convolutions that make the tensor (several where its phases are interleaved), if nobody else reads it and they
   * can take in what follows; none otherwise.
   */
  openConvolutions(tensor: Tensor): readonly MutableNode[];
  /** `name` holds the elements of several convolutions and nothing else. */
  setPhases(name: string, phases: readonly string[]): void;
  /** Parameters of a blocked convolution with known weights. */
  readonly parameters: WeakMap<MutableNode, ConvolutionParameters>;
  /** The node that makes a value. */
  producer(name: string): MutableNode | undefined;
  /** Moves a node behind all that were emitted so far. */
  postpone(node: MutableNode): void;
}

/** Writes one node in the blocked layout; false if it cannot or if that would not pay. */
export type BlockedLowering = (node: GraphNode, context: BlockedContext) => boolean;

/** Float images, the only tensors with a blocked form. */
export function isImage({ shape, dtype }: { readonly shape: Shape; readonly dtype: string }): boolean {
  return shape.length === 4 && dtype === 'float32' && shape.every((extent) => extent > 0);
}

/** Values of a float32 constant. */
export function floatConstant(tensor: Tensor | undefined): Float32Array | undefined {
  const data = tensor && constantData(tensor);
  return data instanceof Float32Array ? data : undefined;
}

/** Extents of a blocked tensor's memory, the block last. */
export function memoryShape([n, channels, height, width]: Shape, block: number): number[] {
  return [n, Math.ceil(channels / block), height, width, block];
}

/** Extents that a blocked tensor declares. */
export function declaredShape([n, channels, height, width]: Shape, block: number): number[] {
  return [n, roundUp(channels, block), height, width];
}

export function emitReshape(context: LoweringContext, name: string, shape: Shape): string {
  return context.emit('Reshape', [name, context.indices(shape)])[0];
}

/** What `createBlockedContext` needs of the lowering around it. */
export interface BlockedHost {
  readonly context: LoweringContext;
  readonly block: number;
  readonly nodes: MutableNode[];
  readonly newName: () => string;
  readonly plainNames: Map<Tensor, string>;
  /** Writes a constant; undefined for other tensors. */
  readonly nameConstant: (tensor: Tensor) => string | undefined;
  /** How many nodes and outputs read the tensor. */
  readonly readers: ReadonlyMap<Tensor, number>;
}

export function createBlockedContext(host: BlockedHost): BlockedContext {
  const { context, block, nodes, plainNames } = host;
  const blockedNames = new Map<Tensor, string>();
  const convolutions = new Map<string, MutableNode>();
  const closed = new Set<string>();
  const deferred = new Map<Tensor, () => string>();
  const phasesOf = new Map<string, readonly string[]>();

  const self: BlockedContext = {
    ...context,
    block,
    plain(tensor) {
      const known = plainNames.get(tensor) ?? host.nameConstant(tensor);
      if (known !== undefined) return known;
      const write = deferred.get(tensor);
      if (write) {
        const name = write();
        plainNames.set(tensor, name);
        return name;
      }
      const blocked = blockedNames.get(tensor);
      if (blocked === undefined) {
        throw new TypeError(`lower: ${tensor.toString()} belongs to another trace: pass it in as an input`);
      }
      closed.add(blocked);
      const name = self.emitBlocked('ReorderOutput', [blocked], { channels: { i: tensor.shape[1] } });
      plainNames.set(tensor, name);
      return name;
    },
    blocked(tensor) {
      const known = blockedNames.get(tensor);
      if (known !== undefined) return known;
      const name = fromPlain(tensor);
      blockedNames.set(tensor, name);
      return name;
    },
    isBlocked: (tensor) => blockedNames.has(tensor),
    isRead: (tensor) => (host.readers.get(tensor) ?? 0) > 0,
    setPlain(tensor, name) {
      plainNames.set(tensor, name);
    },
    defer(tensor, write) {
      deferred.set(tensor, write);
    },
    setBlocked(tensor, name) {
      blockedNames.set(tensor, name);
    },
    takeOver(input, output) {
      const blocked = blockedNames.get(input);
      if (blocked !== undefined) blockedNames.set(output, blocked);
    },
    share(input, output) {
      const blocked = blockedNames.get(input);
      const plain = plainNames.get(input);
      if (blocked !== undefined) {
        closed.add(blocked);
        blockedNames.set(output, blocked);
      }
      if (plain !== undefined) plainNames.set(output, plain);
    },
    emitBlocked(opType, inputs, attributes) {
      const name = host.newName();
      const node = { opType, domain: BLOCKED_DOMAIN, inputs: [...inputs], outputs: [name], attributes };
      nodes.push(node);
      if (opType === 'Conv') convolutions.set(name, node);
      return name;
    },
    openConvolutions(tensor) {
      const name = blockedNames.get(tensor);
      if (name === undefined || closed.has(name) || host.readers.get(tensor) !== 1) return [];
      const names = phasesOf.get(name) ?? [name];
      const found = names.flatMap((part) => convolutions.get(part) ?? []);
      const open = found.every((node) => node.attributes['activation'] === undefined);
      return open && found.length === names.length ? found : [];
    },
    setPhases(name, phases) {
      phasesOf.set(name, phases);
    },
    parameters: new WeakMap(),
    producer: (name) => convolutions.get(name),
    postpone(node) {
      nodes.splice(nodes.indexOf(node), 1);
      nodes.push(node);
    },
  };

  function fromPlain(tensor: Tensor): string {
    if (!isImage(tensor)) throw new TypeError(`lower: ${tensor.toString()} has no blocked form`);
    const { shape } = tensor;
    const [n, channels, height, width] = shape;
    const data = floatConstant(tensor);
    if (data) {
      return context.constant(blockImage(data, shape, block), declaredShape(shape, block), 'float32');
    }
    const plain = self.plain(tensor);
    if (channels === 1) {
      const column = emitReshape(context, plain, [n, 1, height, width, 1]);
      const [lanes] = context.emit('Expand', [column, context.indices([n, 1, height, width, block])]);
      return emitReshape(context, lanes, declaredShape(shape, block));
    }
    // The reordering takes whole fours of channels.
    const missing = roundUp(channels, 4) - channels;
    const padded =
      missing === 0
        ? plain
        : context.emit('Pad', [plain, context.indices([0, 0, 0, 0, 0, missing, 0, 0])])[0];
    return self.emitBlocked('ReorderInput', [padded], {});
  }

  return self;
}
