// Keys: what stands for a seed. A key is a value; drawing with it twice gives the same numbers, new ones come from new
// keys, made by `split` and `foldIn`.
import { philox4x32 } from './philox.ts';

/** A stream of random numbers: two unsigned 32-bit words. */
export interface RandomKey {
  readonly low: number;
  readonly high: number;
}

/** Last word of the counter: what a block is for, so that keys and draws never share one. */
export const DRAW = 0;
export const FOLD = 1;
const SPLIT = 2;

function expectCount(value: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${what}: expected a whole number in [0, 2^53), received ${value}`);
  }
}

/** The key of a seed: a whole number in [0, 2^53). */
export function key(seed: number): RandomKey {
  expectCount(seed, 'random.key');
  return { low: seed >>> 0, high: Math.floor(seed / 2 ** 32) };
}

function derive({ low, high }: RandomKey, index: number, purpose: number): RandomKey {
  const block = new Uint32Array(4);
  philox4x32(index >>> 0, Math.floor(index / 2 ** 32), 0, purpose, low, high, block);
  return { low: block[0], high: block[1] };
}

/** `count` keys that are independent of each other and of the one they come from. */
export function split(from: RandomKey, count = 2): RandomKey[] {
  expectCount(count, 'random.split');
  return Array.from({ length: count }, (_, index) => derive(from, index, SPLIT));
}

/** The key of a whole number under a key: of a step, a layer, a photograph. Independent of what `split` makes. */
export function foldIn(from: RandomKey, data: number): RandomKey {
  expectCount(data, 'random.foldIn');
  return derive(from, data, FOLD);
}

/** `count` uniformly distributed 32-bit words of a key; `attempt` chooses another sequence of the same key. */
export function words(key: RandomKey, count: number, attempt = 0): Uint32Array<ArrayBuffer> {
  const { low, high } = key;
  if (!Number.isInteger(low) || !Number.isInteger(high)) {
    throw new TypeError(`random: expected a key (random.key(seed)), received ${typeof key}`);
  }
  expectCount(count, 'random.words');
  const out = new Uint32Array(count);
  for (let at = 0, block = 0; at < count; at += 4, block++) {
    philox4x32(block >>> 0, Math.floor(block / 2 ** 32), attempt, DRAW, low, high, out, at);
  }
  return out;
}

/** Word `index` of the sequence `attempt` by itself. */
export function wordAt({ low, high }: RandomKey, index: number, attempt: number): number {
  const block = Math.floor(index / 4);
  const out = new Uint32Array(4);
  philox4x32(block >>> 0, Math.floor(block / 2 ** 32), attempt, DRAW, low, high, out);
  return out[index % 4];
}
