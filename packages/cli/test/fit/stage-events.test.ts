import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/fit/reporter.ts';
import { stageReporter } from '../../src/fit/stage-events.ts';

describe('stageReporter', () => {
  it('says the time left once enough is done, and begins anew with each face', async () => {
    const events: RunEvent[] = [];
    let clock = 0;
    const report = stageReporter(
      { report: (event) => events.push(event), close: () => undefined },
      'a.jpg',
      () => clock,
    );
    for (const [time, fraction] of [
      [1000, 0],
      [1100, 0.04],
      [3000, 0.25],
      [9000, 1],
      [9000, 0],
      [10_000, 0.5],
    ] as const) {
      clock = time;
      await report({ stage: 'joint', fraction, step: 3, steps: 8, losses: { pixel: 0.1 } });
    }
    expect(events.map((event) => 'secondsLeft' in event && event.secondsLeft)).toEqual([
      false,
      false,
      6,
      0,
      false,
      1,
    ]);
    expect(events[2]).toMatchObject({ event: 'stage', photo: 'a.jpg', step: 3, losses: { pixel: 0.1 } });
  });
});
