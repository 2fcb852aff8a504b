import { describe, expect, it } from 'vitest';
import { UsageError, faultOf, traceOf } from '../src/errors.ts';
import { EXIT, worstExit } from '../src/exit-codes.ts';

describe('worstExit', () => {
  it('puts our faults before unreadable input before no face', () => {
    expect(worstExit([])).toBe(0);
    expect(worstExit([EXIT.done, EXIT.noFace])).toBe(3);
    expect(worstExit([EXIT.noFace, EXIT.usage, EXIT.done])).toBe(2);
    expect(worstExit([EXIT.noFace, EXIT.usage, EXIT.internal])).toBe(1);
  });
});

describe('faultOf', () => {
  it('maps errors to codes and one sentence each', () => {
    const noFace = Object.assign(new Error('No face was found.'), { name: 'NoFaceError' });
    expect(faultOf(noFace)).toEqual({ code: 3, message: 'No face was found.' });
    expect(faultOf(new UsageError('Say -o.'))).toEqual({ code: 2, message: 'Say -o.' });
    expect(faultOf(Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' })).code).toBe(2);
    const internal = faultOf(new TypeError('x is undefined\n    at y'));
    expect(internal.code).toBe(1);
    expect(internal.message).not.toContain('\n');
    expect(faultOf('text').code).toBe(1);
  });

  it('keeps causes in the trace', () => {
    expect(traceOf(new Error('outer', { cause: new Error('inner') }))).toMatch(
      /outer[^]*caused by: [^]*inner/,
    );
  });
});
