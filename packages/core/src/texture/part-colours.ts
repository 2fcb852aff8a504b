/**
 * Plain colours for parts that no photo shows well: named as in ICT-FaceKit, matched by what the name contains, so that
 * other models with teeth, gums or lashes get something sensible too.
 */

/** Linear reflectance by name; the first match counts. */
const COLOURS: readonly (readonly [pattern: RegExp, rgb: readonly [number, number, number]])[] = [
  [/teeth|tooth/i, [0.62, 0.55, 0.44]],
  [/tongue|gum/i, [0.4, 0.13, 0.12]],
  [/mouth/i, [0.1, 0.03, 0.026]],
  [/lash/i, [0.012, 0.009, 0.008]],
  [/lacrimal|fluid/i, [0.55, 0.42, 0.38]],
  [/occlusion/i, [0.12, 0.06, 0.05]],
  [/blend|caruncle/i, [0.5, 0.26, 0.22]],
  [/socket/i, [0.3, 0.13, 0.11]],
];

/** Reflectance of a part by its name, or undefined for skin, eyeballs and unknown parts (these get the skin's tone). */
export function partColour(name: string): readonly [number, number, number] | undefined {
  return COLOURS.find(([pattern]) => pattern.test(name))?.[1];
}
