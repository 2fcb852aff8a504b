import { describe, expect, it } from 'vitest';
import { otherPeopleWarnings } from '@likeness/core/pipeline';

/** A unit vector at an angle in the plane: the cosine of two is that of the angle between them. */
function at(degrees: number): Float32Array {
  const a = (degrees * Math.PI) / 180;
  return Float32Array.of(Math.cos(a), Math.sin(a));
}

describe('otherPeopleWarnings', () => {
  it('says nothing of photos of one person', () => {
    expect(otherPeopleWarnings([at(0), at(5), at(10)], ['a.jpg', 'b.jpg', 'c.jpg'])).toEqual([]);
  });

  it('names the stranger and the person, wherever they stand', () => {
    const names = ['x.jpg', 'a.jpg', 'b.jpg'];
    const warnings = otherPeopleWarnings([at(90), at(0), at(5)], names);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^x\.jpg seems to show somebody else than a\.jpg, b\.jpg \(identity similarity 0\.09 at most\): .*\.$/,
      ) as string,
    ]);
    expect(otherPeopleWarnings([at(0), at(80), at(90), at(5), at(2)], ['a', 'x', 'y', 'b', 'c'])[0]).toMatch(
      /^x, y seem to show somebody else than a, b, c /,
    );
  });

  it('reports a doubt where photos are alike, but not sure to be of one person', () => {
    // cos 52 degrees = 0.62: above what joins photos, below what is sure.
    const warnings = otherPeopleWarnings([at(0), at(52)], ['a.jpg', 'b.jpg']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^a\.jpg, b\.jpg may show somebody else .* 0\.62 to them.*\.$/);
  });
});
