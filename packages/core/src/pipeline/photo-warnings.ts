/**
 * What a user should know of the photo before relying on the head, beside what the landmark fit says (profile view, tiny
 * face): something hides the face, or its light is extreme.
 */
import type { SkinObservation } from '../texture/index.ts';

/** Limits beyond which a sentence is given; chosen on the photographs described in docs/joint-fit.md. */
export const PHOTO_WARNING_LIMITS = {
  /** Share of the face's skin turned to the camera that is hidden. */
  hidden: 0.45,
  /** Natural log of the shading's range over the face. */
  lightRange: 1.5,
  /** Shares of the skin. */
  clipped: 0.12,
  black: 0.12,
} as const;

export function photoWarnings({ faceHidden, lighting }: SkinObservation): string[] {
  const limits = PHOTO_WARNING_LIMITS;
  const warnings: string[] = [];
  const percent = (share: number): string => `${Math.round(100 * share)}%`;
  if (faceHidden > limits.hidden)
    warnings.push(
      `${percent(faceHidden)} of the face that is turned to the camera is hidden (hair, a hand, glasses, a beard or the photo's edge): shape and texture there are a guess.`,
    );
  if (lighting.range > limits.lightRange)
    warnings.push(
      `The light is extreme: the lit side of the face is ${Math.exp(lighting.range).toFixed(0)} times as bright as its dark side, so texture and shape of the dark side are uncertain.`,
    );
  if (lighting.clipped > limits.clipped)
    warnings.push(
      `${percent(lighting.clipped)} of the face is overexposed: its colour there is lost; use a photo with softer light.`,
    );
  if (lighting.black > limits.black)
    warnings.push(
      `${percent(lighting.black)} of the face is nearly black: noise stands in for the skin there; use a brighter photo.`,
    );
  return warnings;
}
