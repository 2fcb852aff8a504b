/** The device of the GAN's training: it reaches the runtime, is written down, and is refused before the work. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RuntimeRefusedError, RuntimeUnavailableError } from '@likeness/graph';
import type * as GraphNode from '@likeness/graph/node';
import { syntheticModel } from '@likeness/testing';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { trainTexture } from '../../src/texture/train-texture.ts';
import { refusedAs, trainingRuntime } from '../../src/texture/training-runtime.ts';

const { asked, there } = vi.hoisted(() => ({
  asked: [] as (string | undefined)[],
  there: new Set<string>(['cpu']),
}));

/** A machine of which the test says what devices it has; programs are run on its processor. */
vi.mock('@likeness/graph/node', async (original) => {
  const real = await original<typeof GraphNode>();
  return {
    ...real,
    nodeRuntime: (options: GraphNode.NodeRuntimeOptions = {}) => {
      const device = options.device ?? 'cpu';
      asked.push(options.device);
      const runtime = real.nodeRuntime({ ...options, device: 'cpu' });
      if (there.has(device)) return runtime;
      return {
        ...runtime,
        createSession: () => Promise.reject(new RuntimeUnavailableError(`no ${device} here`)),
      };
    },
  };
});

const root = mkdtempSync(join(tmpdir(), 'likeness-device-'));
const photos = join(root, 'photos');
mkdirSync(photos);
for (const name of ['a', 'b', 'c']) writeFileSync(join(photos, `${name}.jpg`), '');
const job = { photos, model: syntheticModel(), validationPeople: 1, modes: 2 };
const REFUSAL = 'The device webgpu cannot run the networks on this machine: use the device cpu.';

beforeEach(() => {
  asked.length = 0;
  there.clear();
  there.add('cpu');
});

afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('the device of train texture', () => {
  it('is the processor where none is named', async () => {
    expect((await trainingRuntime()).name).toBe('onnxruntime-node cpu');
    expect(asked).toEqual(['cpu']);
  });

  it('is refused in one sentence where it is not there, before anything is made', async () => {
    const out = join(root, 'refused');
    await expect(trainTexture({ ...job, out, gan: { device: 'webgpu' } })).rejects.toMatchObject({
      name: 'DeviceError',
      message: REFUSAL,
    });
    expect(asked).toEqual(['webgpu']);
    expect(existsSync(out)).toBe(false);
  });

  it('reaches the runtime where it is there, and the run directory names it', async () => {
    there.add('webgpu');
    const out = join(root, 'run');
    // Empty files are no photographs: the run ends behind its configuration.
    await expect(trainTexture({ ...job, out, gan: { device: 'webgpu' } })).rejects.toThrow(/is empty/);
    expect(asked[0]).toBe('webgpu');
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({
      gan: { device: 'webgpu' },
    });
  });

  it('says the same where the device refuses a program of the training, and leaves other faults as they are', async () => {
    await expect(
      refusedAs('webgpu', () => Promise.reject(new RuntimeRefusedError('no kernel'))),
    ).rejects.toThrow(REFUSAL);
    await expect(refusedAs('webgpu', () => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug');
    await expect(
      refusedAs('cpu', () => Promise.reject(new RuntimeRefusedError('no kernel'))),
    ).rejects.toThrow('no kernel');
  });
});
