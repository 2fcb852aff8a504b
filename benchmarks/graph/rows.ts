// What a row of `npm run bench -- graph` is, and how two sides are measured in turn: A B A B ..., so that whatever else
// the machine does hits both. Processor time stands beside the clock; on a machine that others use only it can be trusted.

/** Groups of rows, in the order they run. */
export const BENCH_GROUPS = ['network', 'conv', 'train', 'overhead'] as const;
export type BenchGroup = (typeof BENCH_GROUPS)[number];

/** One printed line. Milliseconds are medians; a row without a peer (PyTorch absent, or nothing to compare) has nulls. */
export interface BenchRow {
  readonly group: BenchGroup;
  readonly task: string;
  readonly ours_ms: number;
  /** Who was measured beside us, for example `pytorch 1.13.1, 2 threads`. */
  readonly peer: string | null;
  readonly peer_ms: number | null;
  /** peer_ms / ours_ms: above 1 we are faster. */
  readonly ratio: number | null;
  /** First and third quartile of the samples, of each side. */
  readonly spread: {
    readonly ours: readonly [number, number];
    readonly peer: readonly [number, number] | null;
  };
  /** Medians of processor time, all threads together. */
  readonly ours_cpu_ms: number;
  readonly peer_cpu_ms: number | null;
  /** peer_cpu_ms / ours_cpu_ms. */
  readonly cpu_ratio: number | null;
  readonly samples: number;
  /** Anything else worth keeping: GFLOP/s, forwards, compile time. */
  readonly notes?: Readonly<Record<string, number | string>>;
}

/** One run: by the clock and in processor time. */
export interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** One side of a comparison. `run` runs it `times` times and returns a sample of each. */
export interface Side {
  readonly name: string;
  run(times: number): Promise<readonly Sample[]>;
}

/** What a suite gets. */
export interface BenchContext {
  /** PyTorch's process, or undefined where there is none. */
  readonly torch: TorchSide | undefined;
  /** Samples of each side (default 11) and threads of each side (2). */
  readonly samples: number;
  readonly threads: number;
  /** Rows whose task does not contain this are not measured. */
  readonly filter: string;
}

/** Makes sides out of tasks that `peer.py` and its `peer_*.py` modules know. */
export interface TorchSide {
  readonly name: string;
  load(task: string, parameters: Readonly<Record<string, unknown>>): Promise<LoadedPeer>;
}

/** A task loaded in the peer's process. */
export interface LoadedPeer extends Side {
  /** Numbers that the task computes (a loss, norms of gradients), to prove that both sides do the same work. */
  values(): Promise<readonly number[]>;
  free(): Promise<void>;
}

/** A file of benchmarks: `benchmarks/graph/<name>.ts` exports one and `index.ts` lists it. */
export interface BenchSuite {
  readonly group: BenchGroup;
  rows(context: BenchContext): AsyncIterable<BenchRow>;
}

/** Our side: a function that runs once. Processor time is that of the whole process. */
export function ourSide(name: string, once: () => Promise<unknown>): Side {
  return {
    name,
    async run(times) {
      const samples: Sample[] = [];
      for (let i = 0; i < times; i++) {
        const before = process.cpuUsage();
        const start = performance.now();
        await once();
        const wallMs = performance.now() - start;
        const { user, system } = process.cpuUsage(before);
        samples.push({ wallMs, cpuMs: (user + system) / 1000 });
      }
      return samples;
    },
  };
}

/** What `measureAgainst` returns: a row without its group and task. */
export type Measured = Omit<BenchRow, 'group' | 'task' | 'notes'>;

/**
 * Measures both sides in turn: `warmUp` runs each, then `samples` rounds of (two runs that do not count and `burst` that
 * do of ours, the same of the peer's). Short tasks want a larger burst: one round is one sample, its mean.
 */
export async function measureAgainst(
  ours: Side,
  peer: Side | undefined,
  options: { readonly samples: number; readonly warmUp?: number; readonly burst?: number },
): Promise<Measured> {
  const { samples, warmUp = 2, burst = 1 } = options;
  const taken: { readonly ours: Sample[]; readonly peer: Sample[] } = { ours: [], peer: [] };
  await ours.run(warmUp);
  if (peer) await peer.run(warmUp);
  for (let round = 0; round < samples; round++) {
    // Threads spin for a while after their last work; the next side must not run beside them.
    await pause(PAUSE_MS);
    // A run that is not counted on both sides: programs run in loops, and after a pause the first run finds cold caches
    // and sleeping threads.
    await ours.run(WAKE_RUNS);
    taken.ours.push(meanSample(await ours.run(burst)));
    if (!peer) continue;
    await pause(PAUSE_MS);
    await peer.run(WAKE_RUNS);
    taken.peer.push(meanSample(await peer.run(burst)));
  }
  const a = summary(taken.ours);
  const b = peer ? summary(taken.peer) : undefined;
  return {
    ours_ms: a.ms,
    peer: peer?.name ?? null,
    peer_ms: b?.ms ?? null,
    ratio: b ? rounded(b.ms / a.ms) : null,
    spread: { ours: a.quartiles, peer: b?.quartiles ?? null },
    ours_cpu_ms: a.cpuMs,
    peer_cpu_ms: b?.cpuMs ?? null,
    cpu_ratio: b ? rounded(b.cpuMs / a.cpuMs) : null,
    samples,
  };
}

const PAUSE_MS = 30;
const WAKE_RUNS = 2;
const pause = async (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

function meanSample(runs: readonly Sample[]): Sample {
  const mean = (of: (sample: Sample) => number): number =>
    runs.reduce((total, sample) => total + of(sample), 0) / runs.length;
  return { wallMs: mean((sample) => sample.wallMs), cpuMs: mean((sample) => sample.cpuMs) };
}

function summary(samples: readonly Sample[]): {
  readonly ms: number;
  readonly cpuMs: number;
  readonly quartiles: readonly [number, number];
} {
  const wall = samples.map((sample) => sample.wallMs).toSorted((x, y) => x - y);
  const cpu = samples.map((sample) => sample.cpuMs).toSorted((x, y) => x - y);
  const at = (sorted: readonly number[], q: number): number =>
    rounded(sorted[Math.round(q * (sorted.length - 1))]);
  return { ms: at(wall, 0.5), cpuMs: at(cpu, 0.5), quartiles: [at(wall, 0.25), at(wall, 0.75)] };
}

/** Geometric mean. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((total, value) => total + Math.log(value), 0) / values.length);
}

/** Four significant digits: more than any of these measurements holds. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
