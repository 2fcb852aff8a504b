/**
 * The bar of a run: how much is done, which photo, which stage, its loss, time left. cli-progress draws it; hiding and
 * showing it again is ours, because it restores the cursor to where it began, over lines printed in between. So is the
 * time left: from what is done since the first photo, since hiding would start its own estimate anew.
 */
import type { SingleBar } from 'cli-progress';

export interface ProgressBar {
  start(photos: number): void;
  /** `done` photos lie behind; the texts name what comes. */
  update(done: number, texts: BarTexts): void;
  /** `fraction` of the current photo lies behind. */
  step(fraction: number, texts: BarTexts): void;
  hide(): void;
  show(): void;
}

export type BarTexts = Partial<Readonly<Record<'photo' | 'stage' | 'loss', string>>>;

export async function createBar(
  stream: NodeJS.WritableStream,
  now: () => number = () => performance.now(),
): Promise<ProgressBar> {
  const { default: progress } = await import('cli-progress');
  const bar: SingleBar = new progress.SingleBar({
    stream,
    format: '{bar} {percentage}% | {photo} | {stage} {loss}{left}',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: null,
    gracefulExit: false,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  let photos = 1;
  let base = 0;
  let value = 0;
  let began: number | undefined;
  let texts: Record<string, string> = { photo: '', stage: 'loading models', loss: '', left: '' };
  let shown = false;
  const draw = (to: number, changed: BarTexts): void => {
    value = to;
    texts = { ...texts, ...changed, left: timeLeft() };
    if (shown) bar.update(value, texts);
  };
  const timeLeft = (): string => {
    if (began === undefined || value < 0.05) return '';
    const seconds = ((now() - began) / 1000) * (photos / value - 1);
    const whole = Math.round(seconds);
    const text =
      whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
    return ` | ${text} left`;
  };
  const self: ProgressBar = {
    start(count) {
      photos = count;
      self.show();
    },
    update(done, changed) {
      began ??= now();
      base = done;
      draw(done, changed);
    },
    step(fraction, changed) {
      draw(base + fraction, changed);
    },
    hide() {
      if (!shown) return;
      shown = false;
      bar.stop();
    },
    show() {
      if (shown) return;
      shown = true;
      bar.start(photos, value, texts);
    },
  };
  return self;
}
