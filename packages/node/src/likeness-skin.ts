/** What is drawn in one head model's chart and serves that model alone: the template skin and the linear texture model. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Image } from '@likeness/core/image';
import type { MorphableModel } from '@likeness/core/model';
import { readLinearTexture, type LinearTexture } from '@likeness/core/texture';
import { findModel, LIKENESS_HEAD } from '@likeness/models';
import { decodePhoto } from './codec.ts';

const SKIN = 'template-skin';
const LINEAR_TEXTURE = 'likeness-skin-linear';

/** @returns sRGB8 in the model's chart, or undefined for other models and where no skin comes with this version */
export async function loadTemplateSkin(model: MorphableModel): Promise<Image | undefined> {
  const entry = model.name === LIKENESS_HEAD.name ? findModel(SKIN) : undefined;
  return entry === undefined ? undefined : decodePhoto(fileURLToPath(entry.file));
}

/** @returns the linear texture model of the head model's chart, or undefined for other models */
export async function loadLinearTexture(model: MorphableModel): Promise<LinearTexture | undefined> {
  const entry = model.name === LIKENESS_HEAD.name ? findModel(LINEAR_TEXTURE) : undefined;
  return entry === undefined ? undefined : readLinearTexture(await readFile(fileURLToPath(entry.file)));
}
