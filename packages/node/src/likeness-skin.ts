/** The template skin that completes a texture: it is drawn in one head model's chart and serves that model alone. */
import { fileURLToPath } from 'node:url';
import type { Image } from '@likeness/core/image';
import type { MorphableModel } from '@likeness/core/model';
import { findModel, LIKENESS_HEAD } from '@likeness/models';
import { decodePhoto } from './codec.ts';

const SKIN = 'template-skin';

/** @returns sRGB8 in the model's chart, or undefined for other models and where no skin comes with this version */
export async function loadTemplateSkin(model: MorphableModel): Promise<Image | undefined> {
  const entry = model.name === LIKENESS_HEAD.name ? findModel(SKIN) : undefined;
  return entry === undefined ? undefined : decodePhoto(fileURLToPath(entry.file));
}
