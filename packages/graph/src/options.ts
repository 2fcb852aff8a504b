// Options over defaults, with one rule: a passed `undefined` never erases a default.

/** `defaults` overlaid with what `options` really says. */
export function withDefaults<Defaults extends object, Options extends object>(
  defaults: Defaults,
  options: Options,
): Defaults & Options {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...(Object.fromEntries(given) as Options) };
}
