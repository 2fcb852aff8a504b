/**
 * Where the GAN is trained: a runtime on the device that was asked for, refused in one sentence before hours of fits where this
 * machine does not have it. There is no fallback: a run that was meant for an accelerator is not worth starting on two cores.
 */
import { add, compile, type Runtime } from '@likeness/graph';
import { nodeRuntime, type NodeDevice } from '@likeness/graph/node';
import { DeviceError } from '@likeness/node';

export const TRAINING_DEVICE_DEFAULT: NodeDevice = 'cpu';

/** @throws DeviceError where the device is not there or cannot run a program */
export async function trainingRuntime(device: NodeDevice = TRAINING_DEVICE_DEFAULT): Promise<Runtime> {
  const runtime = nodeRuntime({ device });
  if (device !== 'cpu')
    await refusedAs(device, async () => {
      const program = await compile(({ x }) => add(x, x), { x: { shape: [1] } }, { runtime });
      try {
        await program.run({ x: Float32Array.of(1) });
      } finally {
        await program.dispose();
      }
    });
  return runtime;
}

/** Runs `work`; what the runtime refuses on another device than `cpu` becomes the user's sentence. @throws DeviceError */
export async function refusedAs<T>(device: NodeDevice, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refused =
      error instanceof Error &&
      (error.name === 'RuntimeUnavailableError' || error.name === 'RuntimeRefusedError');
    if (device === 'cpu' || !refused) throw error;
    throw new DeviceError(
      `The device ${device} cannot run the networks on this machine: use the device cpu.`,
      { cause: error },
    );
  }
}
