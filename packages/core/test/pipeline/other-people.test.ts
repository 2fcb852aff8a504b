import { describe, expect, it } from 'vitest';
import { findOtherPeople, otherPeopleWarning } from '@likeness/core/pipeline';

/** A unit vector at an angle in the plane: the cosine of two is that of the angle between them. */
function at(degrees: number): Float32Array {
  const a = (degrees * Math.PI) / 180;
  return Float32Array.of(Math.cos(a), Math.sin(a));
}

describe('findOtherPeople', () => {
  it('links photos through each other: both ends of a turn are one person by the middle', () => {
    // 0 and 80 degrees are far apart, 40 is near both (cos 40 = 0.77).
    expect(findOtherPeople([at(0), at(80), at(40)])).toEqual({
      others: [],
      person: [0, 1, 2],
      similarity: 1,
    });
  });

  it('takes the largest group for the person, wherever it stands, the earlier one of two', () => {
    const found = findOtherPeople([at(120), at(0), at(10), at(125), at(20)]);
    expect(found.person).toEqual([1, 2, 4]);
    expect(found.others).toEqual([0, 3]);
    expect(found.similarity).toBeCloseTo(Math.cos((100 * Math.PI) / 180), 5);
    expect(findOtherPeople([at(0), at(90)])).toMatchObject({ person: [0], others: [1] });
  });
});

describe('otherPeopleWarning', () => {
  it('names the files and says nothing of one person', () => {
    expect(otherPeopleWarning([at(0), at(5)], ['a.jpg', 'b.jpg'])).toBeUndefined();
    expect(otherPeopleWarning([at(0), at(5), at(90)], ['a.jpg', 'b.jpg', 'c.jpg'])).toMatch(
      /^c\.jpg seems to show somebody else than a\.jpg, b\.jpg \(identity similarity 0\.09, below 0\.55\): .*\.$/,
    );
  });
});
