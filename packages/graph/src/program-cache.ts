// Compiling the same program twice should cost one session. Whoever compiles asks with a key made of everything the
// session depends on; the session is shared and released with its last user. The cache belongs to a runtime object, so
// there is no global state, and it holds sessions weakly: a program that is dropped without `dispose` does not stay.
//
// Only in memory. Kept on disk, ONNX Runtime's optimised models saved nothing worth their files; see
// docs/concepts.md, "Compiling".
import { encodeOnnx } from './onnx/encode.ts';
import type { OnnxModel } from './onnx/model.ts';
import type { RuntimeSession } from './runtime.ts';

/** A session with the number of programs that use it. */
interface SharedSession {
  readonly inner: RuntimeSession;
  users: number;
}

/** Sessions by key. */
export interface ProgramCache {
  /** The session under `key`, made by `create` if there is none. Each result is released by its own `release`. */
  acquire(key: string, create: () => Promise<RuntimeSession>): Promise<RuntimeSession>;
  /** Number of sessions held now. */
  readonly size: number;
}

/** An empty cache. */
export function createProgramCache(): ProgramCache {
  const ready = new Map<string, WeakRef<SharedSession>>();
  const pending = new Map<string, Promise<SharedSession>>();
  const collected = new FinalizationRegistry<string>((key) => {
    if (ready.get(key)?.deref() === undefined) ready.delete(key);
  });

  const find = async (key: string, create: () => Promise<RuntimeSession>): Promise<SharedSession> => {
    const known = ready.get(key)?.deref();
    if (known) return known;
    const started = pending.get(key);
    if (started) return started;
    const making = create().then((inner): SharedSession => ({ inner, users: 0 }));
    pending.set(key, making);
    try {
      const shared = await making;
      ready.set(key, new WeakRef(shared));
      collected.register(shared, key);
      return shared;
    } finally {
      pending.delete(key);
    }
  };

  return {
    async acquire(key, create) {
      let shared = await find(key, create);
      // The last user may have released it while this one waited.
      while (shared.users < 0) shared = await find(key, create);
      shared.users++;
      let held = true;
      return {
        run: (inputs, outputs) => shared.inner.run(inputs, outputs),
        async release() {
          if (!held) return;
          held = false;
          if (--shared.users > 0) return;
          shared.users = -1;
          if (ready.get(key)?.deref() === shared) ready.delete(key);
          await shared.inner.release();
        },
      };
    },
    get size() {
      return ready.size;
    },
  };
}

/** Initializers from this size on go into a key by the hash of their content. */
const LARGE = 256;

/**
 * A key for what `model` computes: equal models have equal keys, and 128 bits of hash keep others apart. The content of
 * every constant is hashed each time, because an array may have been changed since the last time; 100 MB take 25 ms.
 */
export function programKey(model: OnnxModel): string {
  const slim = model.initializers.map((tensor) => {
    const { data } = tensor;
    if (data.byteLength < LARGE) return tensor;
    const hash = hashBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { ...tensor, data: new Uint8Array(hash.buffer) };
  });
  return [...hashBytes(encodeOnnx({ ...model, initializers: slim }))].join('.');
}

/**
 * 128 bits of hash: four lanes over interleaved words, each step a bijection of the lane for a fixed word, mixed at the
 * end as in MurmurHash3. Not for adversaries.
 */
export function hashBytes(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
  let a = 0x9e3779b9 ^ bytes.length;
  let b = 0x85ebca6b;
  let c = 0xc2b2ae35;
  let d = 0x27d4eb2f;
  const whole = words.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a = Math.imul(a ^ words[i], 0xcc9e2d51);
    b = Math.imul(b ^ words[i + 1], 0x1b873593);
    c = Math.imul(c ^ words[i + 2], 0xe6546b65);
    d = Math.imul(d ^ words[i + 3], 0x38b34ae5);
    a ^= a >>> 15;
    b ^= b >>> 13;
    c ^= c >>> 16;
    d ^= d >>> 14;
  }
  for (let i = whole * 4; i < aligned.length; i++) {
    a = Math.imul(a ^ aligned[i], 0xcc9e2d51);
    a ^= a >>> 15;
  }
  const mixed = new Uint32Array(4);
  for (let round = 0; round < 2; round++) {
    a = finish(a + b + c + d);
    b = finish(b + a);
    c = finish(c + b);
    d = finish(d + c);
  }
  mixed.set([a, b, c, d]);
  return mixed;
}

function finish(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
