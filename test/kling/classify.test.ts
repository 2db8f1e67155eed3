import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { classify, saysAbsent } from '../../src/kling/classify.js';
import { KlingError, type KlingErrorDetails } from '../../src/kling/errors.js';

function errorOf(details: Partial<KlingErrorDetails>): KlingError {
  return new KlingError('it failed', { kind: 'refused', call: 'read', ...details });
}

function meanings(details: Partial<KlingErrorDetails>): readonly string[] {
  return (['submit', 'read'] as const).map((call) => classify(errorOf({ ...details, call })).meaning);
}

describe('classify', () => {
  it.each([
    // HTTP, code, a submit means, a read means
    [401, 1000, 'account', 'account'],
    [401, 1001, 'account', 'account'],
    [401, 1002, 'account', 'account'],
    [401, 1003, 'auth-stale', 'auth-stale'],
    [401, 1004, 'auth-stale', 'auth-stale'],
    [429, 1100, 'account', 'account'],
    [429, 1101, 'account', 'account'],
    [429, 1102, 'exhausted', 'exhausted'],
    [403, 1103, 'invalid', 'invalid'],
    [400, 1200, 'invalid', 'invalid'],
    [400, 1201, 'invalid', 'invalid'],
    [404, 1202, 'invalid', 'invalid'],
    [404, 1203, 'invalid', 'invalid'],
    [400, 1300, 'policy', 'policy'],
    [400, 1301, 'policy', 'policy'],
    [429, 1302, 'too-fast', 'too-fast'],
    [429, 1303, 'no-slot', 'no-slot'],
    [429, 1304, 'account', 'account'],
    [500, 5000, 'ambiguous', 'transient'],
    [503, 5001, 'ambiguous', 'transient'],
    [504, 5002, 'ambiguous', 'transient'],
  ])('reads HTTP %i with code %i as %s for a submit, %s for a read', (status, klingCode, submit, read) => {
    expect(meanings({ status, klingCode })).toEqual([submit, read]);
    // The code decides: refusals come with HTTP 200 as well.
    expect(meanings({ status: 200, klingCode })).toEqual([submit, read]);
  });

  it.each([
    // A code that nobody has documented, in an answer of Kling's.
    [400, 'invalid', 'invalid'],
    [401, 'account', 'account'],
    [403, 'invalid', 'invalid'],
    [408, 'ambiguous', 'transient'],
    [418, 'invalid', 'invalid'],
    [429, 'too-fast', 'too-fast'],
    [500, 'ambiguous', 'transient'],
    [599, 'ambiguous', 'transient'],
    [200, 'ambiguous', 'transient'],
    [302, 'ambiguous', 'transient'],
  ])('goes by HTTP %i where the code is unknown: %s for a submit, %s for a read', (status, submit, read) => {
    expect(meanings({ status, klingCode: 1999 })).toEqual([submit, read]);
  });

  it.each([
    // The page of an edge or a proxy. A read of one says nothing about the task, a submit seldom anything about the prompt.
    [400, 'invalid', 'transient'],
    [401, 'account', 'transient'],
    [403, 'account', 'transient'],
    [404, 'account', 'transient'],
    [407, 'account', 'transient'],
    [408, 'ambiguous', 'transient'],
    [413, 'invalid', 'transient'],
    [422, 'invalid', 'transient'],
    [451, 'account', 'transient'],
    [429, 'too-fast', 'too-fast'],
    [502, 'ambiguous', 'transient'],
    [200, 'ambiguous', 'transient'],
    [301, 'ambiguous', 'transient'],
  ])('goes by HTTP %i where the body is not readable: %s for a submit, %s for a read', (status, submit, read) => {
    expect(meanings({ kind: 'unreadable', status })).toEqual([submit, read]);
  });

  it.each([
    ['not-sent', 'transient', 'transient'],
    ['timed-out', 'ambiguous', 'transient'],
    ['connection-lost', 'ambiguous', 'transient'],
    ['unknown-shape', 'ambiguous', 'invalid'],
    ['unknown-status', 'ambiguous', 'invalid'],
  ] as const)('reads %s as %s for a submit, %s for a read', (kind, submit, read) => {
    expect(meanings({ kind })).toEqual([submit, read]);
  });

  it('knows a duplicate by its words, and only on a submit', () => {
    const klingMessage = 'external_task_id e-1 already exists';
    expect(meanings({ status: 400, klingCode: 1201, klingMessage })).toEqual(['duplicate', 'invalid']);
  });

  it('takes a token that was signed anew and is stale again for a wrong one', () => {
    expect(meanings({ status: 401, klingCode: 1004, signedAnew: true })).toEqual(['account', 'account']);
  });

  it('believes the head of an answer whose body was lost', () => {
    expect(meanings({ kind: 'connection-lost', status: 429 })).toEqual(['too-fast', 'too-fast']);
  });

  it('passes the hint on with whatever meaning', () => {
    expect(classify(errorOf({ klingCode: 1302, retryAfterMs: 5_000 }))).toEqual({ meaning: 'too-fast', hintMs: 5_000 });
    expect(classify(errorOf({ klingCode: 1302, retryAfterMs: 0 }))).toEqual({ meaning: 'too-fast', hintMs: 0 });
    expect(classify(errorOf({ klingCode: 1302 }))).toEqual({ meaning: 'too-fast' });
  });

  it('gives faults of the server a base of 2 s', () => {
    expect(classify(errorOf({ status: 500 }))).toEqual({ meaning: 'transient', baseMs: 2_000 });
    expect(classify(errorOf({ status: 200, klingCode: 5_001 }))).toEqual({ meaning: 'transient', baseMs: 2_000 });
    expect(classify(errorOf({ kind: 'timed-out' }))).toEqual({ meaning: 'transient' });
  });

  it('takes what it does not know for a task that may exist', () => {
    expect([new Error('?'), undefined, 'x', null].map(classify)).toEqual(Array(4).fill({ meaning: 'ambiguous' }));
  });

  it('takes what we refused ourselves for invalid', () => {
    expect(classify(new OptionsError('wrong', 'prompt'))).toEqual({ meaning: 'invalid' });
  });
});

describe('saysAbsent', () => {
  it.each([
    [{ klingCode: 1201, klingMessage: 'Task not found by id/external id' }, true],
    [{ klingCode: 1203, status: 404 }, true],
    [{ klingCode: 1201, klingMessage: 'duration is invalid' }, false],
    [{ klingCode: 1202, status: 404 }, false],
    [{ kind: 'unreadable', status: 404 }, false],
  ] as const)('reads %o as %s', (details, absent) => {
    expect(saysAbsent(errorOf(details))).toBe(absent);
  });

  it('is not a thing for other errors to say', () => {
    expect(saysAbsent(new Error('Task not found'))).toBe(false);
  });
});
