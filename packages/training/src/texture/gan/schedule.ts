/** When a level fades in, when it is trained wholly, and when the next one comes. */

export interface GanPhase {
  readonly level: number;
  /** Images over which the level fades in (0: at once). */
  readonly fadeImages: number;
  /** Images trained after that. */
  readonly images: number;
  readonly batch: number;
}

/** Where a count of images stands in the schedule. */
export interface SchedulePoint {
  readonly phase: GanPhase;
  readonly index: number;
  /** How far the level has faded in, 0..1. */
  readonly share: number;
}

/** @returns undefined after the last phase */
export function pointAt(phases: readonly GanPhase[], shown: number): SchedulePoint | undefined {
  let start = 0;
  for (const [index, phase] of phases.entries()) {
    const end = start + phase.fadeImages + phase.images;
    if (shown < end) {
      const share = phase.fadeImages > 0 ? Math.min(1, (shown - start) / phase.fadeImages) : 1;
      return { phase, index, share };
    }
    start = end;
  }
  return undefined;
}

/** Images of the whole schedule. */
export function totalImages(phases: readonly GanPhase[]): number {
  return phases.reduce((sum, { fadeImages, images }) => sum + fadeImages + images, 0);
}
