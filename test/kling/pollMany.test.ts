import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { KlingError } from '../../src/kling/errors.js';
import type { KlingApi } from '../../src/kling/klingRequest.js';
import type { PollAnswer } from '../../src/tasks/taskApi.js';
import { failureOf, klingBench, newSubmitted, newSucceeded, submitted, succeeded } from './klingBench.js';
import { json, ok, refusal, text, type Answer } from './scriptedServer.js';

const bench = klingBench();

function pollMany(api: KlingApi, ids: readonly string[], answer: Answer): Promise<readonly PollAnswer[]> {
  bench.server.answers(answer);
  return bench.client({ api }).poll(refsOf(ids));
}

function refsOf(ids: readonly string[]) {
  return ids.map((id) => ({ product: 'text2video', id }));
}

/** In a word: the state and id of a task, or what else came. */
function brief(answer: PollAnswer): string {
  if (typeof answer === 'string') return answer;
  if (answer instanceof Error) return answer instanceof KlingError ? answer.kind : answer.message;
  return `${answer.ref.id} ${answer.status}`;
}

const standards = [
  {
    api: 'v1' as const,
    missing: 'unseen',
    running: (id: string) => ({ ...submitted, task_id: id, task_info: {} }),
    done: (id: string) => ({ ...succeeded, task_id: id, task_info: {} }),
    strange: (id: string) => ({ ...submitted, task_id: id, task_status: 'archived' }),
    called: (id: string, externalId: string) => ({
      ...submitted,
      task_id: id,
      task_info: { external_task_id: externalId },
    }),
  },
  {
    api: 'new' as const,
    missing: 'absent',
    running: (id: string) => ({ ...newSubmitted, id, external_id: '' }),
    done: (id: string) => ({ ...newSucceeded, id, external_id: '' }),
    strange: (id: string) => ({ ...newSubmitted, id, status: 'archived' }),
    called: (id: string, externalId: string) => ({ ...newSubmitted, id, external_id: externalId }),
  },
];

describe.each(standards)('a poll of several tasks at $api', ({ api, missing, running, done, strange, called }) => {
  it('answers in the order asked, whatever the order of the rows', async () => {
    const answers = await pollMany(api, ['1', '2', '3'], ok([running('3'), done('1'), running('2')]));
    expect(answers.map(brief)).toEqual(['1 succeeded', '2 running', '3 running']);
    expect(bench.server.seen).toHaveLength(1);
  });

  it(`calls a task ${missing} of which there is no row`, async () => {
    expect((await pollMany(api, ['1', '2'], ok([running('2')]))).map(brief)).toEqual([missing, '2 running']);
    expect((await pollMany(api, ['1', '2'], ok([]))).map(brief)).toEqual([missing, missing]);
    expect((await pollMany(api, ['1', '2'], ok(null))).map(brief)).toEqual([missing, missing]);
  });

  it('gives the error of a strange row to its task alone', async () => {
    const rows = [running('1'), strange('2'), { ...done('3'), task_result: {}, outputs: {} }, done('4')];
    const answers = await pollMany(api, ['1', '2', '3', '4'], ok(rows));
    expect(answers.map(brief)).toEqual(['1 running', 'unknown-status', 'unknown-shape', '4 succeeded']);
    expect(answers[1]).toMatchObject({ call: 'read', status: 200, requestId: 'req-1' });
  });

  it('takes no notice of what is said of others, and proves no absence by it', async () => {
    const others = [strange('9'), null, 'row', 7, [], {}, { task_id: '', id: '' }, { task_id: {}, id: {} }];
    const answers = await pollMany(api, ['1', '2'], ok([...others, running('1')]));
    expect(answers.map(brief)).toEqual(['1 running', 'unseen']);
  });

  it('never takes another task for the one asked for', async () => {
    const answers = await pollMany(api, ['1', '2'], ok([running('11'), running('3'), called('4', '5')]));
    expect(answers.map(brief)).toEqual(['unseen', 'unseen']);
  });

  it('finds a task by our id, too, and goes by the id of the server first', async () => {
    const rows = [called('1', 'ours'), called('2', '1')];
    expect((await pollMany(api, ['ours', '1'], ok(rows))).map(brief)).toEqual(['1 running', '1 running']);
    expect((await pollMany(api, ['ours', '3'], ok([called('1', 'ours')]))).map(brief)).toEqual(['1 running', missing]);
  });

  it('believes of two rows about a task the one that tells its end', async () => {
    const rows = [running('1'), done('1'), done('2'), done('2'), strange('3'), done('3'), running('4'), strange('4')];
    const answers = await pollMany(api, ['1', '2', '3', '4'], ok(rows));
    expect(answers.map(brief)).toEqual(['1 succeeded', '2 succeeded', '3 succeeded', 'unknown-status']);
  });

  it('believes neither of two rows that contradict each other', async () => {
    const rows = [done('1'), { ...running('1'), task_status: 'failed', status: 'failed' }, running('2')];
    expect((await pollMany(api, ['1', '2'], ok(rows))).map(brief)).toEqual(['unknown-shape', '2 running']);
  });

  it('reads an id that is a number, while it has all its digits', async () => {
    const numbers = [17, 2 ** 53].map((id) => ({ ...running('0'), task_id: id, id }));
    const answers = await pollMany(api, ['17', String(2 ** 53)], ok(numbers));
    expect(answers.map(brief)).toEqual(['17 running', 'unseen']);
  });

  it('answers one that is asked for twice twice', async () => {
    expect((await pollMany(api, ['1', '1'], ok([done('1')]))).map(brief)).toEqual(['1 succeeded', '1 succeeded']);
  });

  it.each([
    ['no data', json(200, { code: 0 }), 'unknown-shape'],
    ['a word for a list', ok('none'), 'unknown-shape'],
    ['a page', text(502, '<html>'), 'unreadable'],
    ['a refusal', refusal(429, 1302, 'too fast'), 'refused'],
  ])('rejects where the whole answer is of no use: %s', async (_, answer, kind) => {
    expect(await failureOf(pollMany(api, ['1', '2'], answer))).toMatchObject({ kind, call: 'read' });
  });

  it('takes the word that there is no such task for none about each of several', async () => {
    const refused = refusal(400, 1201, 'Task not found by id/external id 2');
    expect(await pollMany(api, ['1', '2'], refused)).toEqual(['unseen', 'unseen']);
    expect(await pollMany(api, ['1'], refused)).toEqual(['absent']);
  });

  it('asks for as many as it says, and no more', async () => {
    const client = bench.client({ api });
    bench.server.answers(ok([]));
    const ids = Array.from({ length: client.pollBatch }, (_, index) => `t-${index}`);
    expect(await client.poll(refsOf(ids))).toHaveLength(ids.length);
    expect(bench.server.seen).toHaveLength(1);
    await expect(client.poll(refsOf([...ids, 't']))).rejects.toThrow(`at most ${client.pollBatch} tasks at a time`);
    await expect(client.poll([...refsOf(['1']), { product: 'audio', id: '2' }])).rejects.toThrow(OptionsError);
    expect(bench.server.seen).toHaveLength(1);
  });
});

describe('a poll of several tasks at v1', () => {
  it.each([
    [2, 30],
    [7, 30],
    [8, 32],
    [50, 200],
  ])('reads one page for %i tasks, of %i rows', async (count, pageSize) => {
    const ids = Array.from({ length: count }, (_, index) => `t-${index}`);
    await pollMany('v1', ids, ok([]));
    expect(bench.server.last.url).toBe(`/v1/videos/text2video?pageNum=1&pageSize=${pageSize}`);
  });

  it('is of one product', async () => {
    const mixed = [...refsOf(['1']), { product: 'images', id: '2' }];
    await expect(bench.client().poll(mixed)).rejects.toThrow('of one product at a time');
    expect(bench.server.seen).toEqual([]);
  });
});

describe('a poll at the new API', () => {
  it('names each id once', async () => {
    await pollMany('new', ['1', 'a/b&c', '1', 'ü'], ok([]));
    expect(bench.server.last.url).toBe('/tasks?task_ids=1,a%2Fb%26c,%C3%BC');
  });

  it('is of any products: each task keeps its own', async () => {
    bench.server.answers(ok([newSubmitted, { ...newSubmitted, id: 't-2' }]));
    const mixed = [
      { product: 'text2video', id: 't-1' },
      { product: 'images', id: 't-2' },
    ];
    expect(await bench.client({ api: 'new' }).poll(mixed)).toMatchObject(mixed.map((ref) => ({ ref })));
  });

  it.each([
    ['an empty list', [], 'absent'],
    ['the row of another', [{ ...newSubmitted, id: 't-2' }], 'unknown-shape'],
    ['a row without a name', [{}], 'unknown-shape'],
  ])('of one task alone has an answer about it, with %s', async (_, data, answer) => {
    expect((await pollMany('new', ['t-1'], ok(data))).map(brief)).toEqual([answer]);
  });

  it.each(['', 'a,b', '\ud800'])('refuses the id "%s"', async (id) => {
    await expect(bench.client({ api: 'new' }).poll(refsOf([id]))).rejects.toThrow(OptionsError);
    expect(bench.server.seen).toEqual([]);
  });
});
