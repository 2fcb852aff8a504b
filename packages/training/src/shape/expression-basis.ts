/**
 * The expression modes on the template: transferred from the source and made exactly mirror-symmetric as a set
 * (`eyeBlinkRight` is the mirror image of `eyeBlinkLeft`, `jawOpen` is its own).
 */

export interface ExpressionBasis {
  readonly names: readonly string[];
  /** [K, V, 3] mm at full activation. */
  readonly deltas: Float32Array;
  /** Largest displacement that symmetrising changed, mm. */
  readonly asymmetryMm: number;
}

/** `eyeBlinkLeft` <-> `eyeBlinkRight`, `jawLeft` <-> `jawRight`; other names stay. */
export function mirrorExpressionName(name: string): string {
  if (name.endsWith('Left')) return `${name.slice(0, -4)}Right`;
  return name.endsWith('Right') ? `${name.slice(0, -5)}Left` : name;
}

/**
 * @param modes [K] of [V, 3] mm
 * @throws RangeError when a sided name lacks its partner
 */
export function expressionBasis(
  names: readonly string[],
  modes: readonly Float32Array[],
  mirror: Uint32Array,
): ExpressionBasis {
  const size = mirror.length * 3;
  const deltas = new Float32Array(names.length * size);
  let asymmetryMm = 0;
  for (const [k, name] of names.entries()) {
    const partner = names.indexOf(mirrorExpressionName(name));
    if (partner === -1) throw new RangeError(`expressionBasis: "${name}" has no partner on the other side.`);
    for (let i = 0; i < size; i++) {
      const x = i % 3 === 0 ? -1 : 1;
      const other = x * modes[partner][mirror[Math.floor(i / 3)] * 3 + (i % 3)];
      deltas[k * size + i] = (modes[k][i] + other) / 2;
      asymmetryMm = Math.max(asymmetryMm, Math.abs(modes[k][i] - other) / 2);
    }
  }
  return { names, deltas, asymmetryMm };
}
