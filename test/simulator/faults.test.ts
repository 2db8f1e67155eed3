import { describe, expect, it } from 'vitest';
import type { Faults } from '../../src/simulator/faults.js';
import type { KlingRequest } from '../../src/simulator/model.js';
import { asking, create, field, list, query, tasks, type Seen } from './asking.js';

function outcomeOf({ kind, status, code }: Seen): string {
  if (kind === 'json') return code === 0 ? 'created' : String(code);
  return kind === 'garbled' ? `garbled ${status}` : kind;
}

describe('faults', () => {
  it.each<[keyof Faults, RegExp, number]>([
    ['tooFast', /^1302$/, 0],
    ['plain429', /^garbled 429$/, 0],
    ['resetBefore', /^reset$/, 0],
    ['errorBefore', /^500[012]$/, 0],
    ['noSlot', /^1303$/, 0],
    ['hang', /^hang$/, 1],
    ['resetAfter', /^reset$/, 1],
    ['errorAfter', /^500[012]$/, 1],
    ['garbled', /^garbled (200|502)$/, 1],
    ['failing', /^created$/, 1],
    ['pollError', /^created$/, 1],
    ['strange', /^created$/, 1],
    ['callbackLost', /^created$/, 1],
    ['fileReset', /^created$/, 1],
  ])('%s on a create', (fault, outcome, created) => {
    const { ask, model } = asking({ faults: { [fault]: 1 } });
    const answers = Array.from({ length: 20 }, () => outcomeOf(ask(create())));
    for (const answer of answers) expect(answer).toMatch(outcome);
    const books = model.books(0);
    expect(books.created).toBe(created * 20);
    const isElsewhere = /^(pollError|strange|callback.*|file.*)$/.test(fault);
    expect(books.faults).toEqual(isElsewhere ? {} : { [fault]: 20 });
  });

  it.each<[keyof Faults, RegExp]>([
    ['tooFast', /^1302$/],
    ['plain429', /^garbled 429$/],
    ['pollError', /^(500[012]|garbled (200|502))$/],
    ['hang', /^hang$/],
    ['garbled', /^garbled (200|502)$/],
    ['resetBefore', /^created$/],
    ['resetAfter', /^created$/],
    ['errorBefore', /^created$/],
    ['errorAfter', /^created$/],
    ['noSlot', /^created$/],
  ])('%s on a poll', (fault, outcome) => {
    const { ask } = asking({ faults: { [fault]: 1 } });
    for (let count = 0; count < 20; count += 1) expect(outcomeOf(ask(list()))).toMatch(outcome);
  });

  it('every kind of trouble of a poll turns up', () => {
    const { ask } = asking({ faults: { pollError: 1 } });
    const kinds = new Set(Array.from({ length: 200 }, () => outcomeOf(ask(list()))));
    expect([...kinds].sort()).toEqual(['5000', '5001', '5002', 'garbled 200', 'garbled 502']);
  });

  it.each<[string, KlingRequest]>([
    ['a query', query('mine')],
    ['a list', list()],
    ['a query of the new API', tasks(['mine'], 'external_task_ids')],
  ])('strange, %s succeeds with what nobody can read, never with nothing', (_what, request) => {
    const { ask, make } = asking({ faults: { strange: 1 } });
    make({ external_task_id: 'mine' });
    const known = ['submitted', 'processing', 'succeed', 'succeeded', 'failed'];
    const seen = new Set<string>();
    for (let count = 0; count < 200; count += 1) {
      const { status, code, data } = ask(request);
      expect([status, code]).toEqual([200, 0]);
      const [task = data] = Array.isArray(data) ? (data as unknown[]) : [];
      const told = field(task, 'task_status') ?? field(task, 'status');
      expect(known).not.toContain(told);
      expect([null, undefined, '[]']).not.toContain(data === null ? null : JSON.stringify(data));
      seen.add(typeof told === 'string' ? told : JSON.stringify(data));
    }
    expect([...seen].sort()).toEqual(['"OK"', expect.stringContaining('[['), 'suspended', '{}']);
  });

  it('strange strikes no query that is refused, and no list of nothing with nothing', () => {
    const { ask, model } = asking({ faults: { strange: 1 } });
    expect(ask(query('none')).code).toBe(1201);
    expect(model.books(0).faults).toEqual({});
    for (let count = 0; count < 50; count += 1) expect(JSON.stringify(ask(list()).data)).not.toBe('[]');
  });

  it('a task lost in a reset is found by its external id, and refused when sent again', () => {
    const { ask } = asking({ faults: { resetAfter: { at: [1] } } });
    expect(ask(create({ external_task_id: 'mine' })).kind).toBe('reset');
    expect(ask(query('mine'))).toMatchObject({ code: 0, data: { task_status: 'submitted' } });
    expect(ask(create({ external_task_id: 'mine' })).message).toContain('already exists');
  });

  it('a failing task is created, ends as failed and costs nothing', () => {
    const { make, model, statusOf } = asking({ faults: { failing: { at: [2] } } });
    const [first, second] = [make(), make()];
    expect([statusOf(first, 10_000), statusOf(second, 10_000)]).toEqual(['succeed', 'failed']);
    expect(model.books(10_000)).toMatchObject({ ended: { succeeded: 1, failed: 1 }, credits: { spent: 10 } });
  });

  it('a schedule counts the requests that the fault can hit, refused ones too, and no others', () => {
    const { ask } = asking({ tasks: 1, faults: { errorBefore: { at: [3, 5] }, pollError: { at: [2] } } });
    const creates = [0, 1, 10_000, 10_001, 10_002].map((nowMs) => {
      ask({ method: 'GET', target: '/nowhere' }, nowMs);
      return outcomeOf(ask(create(), nowMs));
    });
    expect(creates).toEqual([
      'created',
      '1303',
      expect.stringMatching(/^500/),
      'created',
      expect.stringMatching(/^500/),
    ]);
    const polls = [ask(list(), 20_000), ask(query('none'), 20_000), ask(list(), 20_000)].map(outcomeOf);
    expect(polls).toEqual(['created', expect.stringMatching(/^(500|garbled)/), 'created']);
  });

  it('a share of 0 never strikes, a share of 1 always does', () => {
    const never = asking({ faults: { hang: 0 } }, () => 0);
    expect(never.ask(list()).code).toBe(0);
    const always = asking({ faults: { hang: 1 } }, () => 1 - Number.EPSILON);
    expect(always.ask(list()).kind).toBe('hang');
  });

  it('a create that is refused is not hit by what comes after it, nor missing a slot twice over', () => {
    const faults = { resetAfter: 1, errorAfter: 1, noSlot: { at: [1] } };
    const { ask, model } = asking({ tasks: 1, faults });
    expect(outcomeOf(ask(create({ n: 2 }, 'images/generations')))).toBe('1303');
    expect(outcomeOf(ask(create({ prompt: '' })))).toBe('1201');
    expect(model.books(0).faults).toEqual({});
  });

  it('what a fault refuses for its speed is not counted by the rate; what fails later is', () => {
    const { ask } = asking({ requests: 1, faults: { tooFast: { at: [1] }, plain429: { at: [1] } } });
    expect([ask(list()).code, ask(list()).code, ask(list()).code]).toEqual([1302, 0, 1302]);
    const later = asking({ requests: 1, faults: { errorBefore: { at: [1] } } });
    expect([later.ask(create()).status, later.ask(create()).code]).toEqual([expect.any(Number), 1302]);
  });

  it('a made-up 429 tells how long to wait where the model is told to', () => {
    const { ask } = asking({ retryAfter: true, faults: { tooFast: { at: [1] }, plain429: { at: [2] } } });
    expect([ask(list()).headers, ask(list()).headers]).toEqual([
      { 'retry-after': '1' },
      { 'content-type': 'text/html', 'retry-after': '1' },
    ]);
  });

  it('no credentials, no faults', () => {
    const { ask } = asking({ faults: { hang: 1, tooFast: 1 } });
    expect(ask({ ...list(), auth: 1001 }).code).toBe(1001);
  });

  it('latencies are drawn within their range', () => {
    const { model } = asking({ faults: { latencyMs: { min: 2, max: 40 } } });
    expect([model.latencyMs(() => 0), model.latencyMs(() => 0.5), asking().model.latencyMs(() => 0.5)]).toEqual([
      2, 21, 0,
    ]);
  });
});
