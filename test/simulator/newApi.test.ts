import { describe, expect, it } from 'vitest';
import type { KlingRequest } from '../../src/simulator/model.js';
import { asking, create, field, list, newCreate, query, tasks } from './asking.js';

const epochAtMs = 1_800_000_000_000;
const first = '800000000000000001';

describe('what the new API answers', () => {
  it('a create tells the id, the status and the instants, under names of its own', () => {
    const { ask, model } = asking({ epochAtMs });
    const request = newCreate({ options: { external_task_id: 'mine-1' } }, 'text-to-video', 'any-model.9');
    expect(ask(request, 250.7)).toEqual({
      kind: 'json',
      status: 200,
      headers: {},
      code: 0,
      message: 'SUCCEED',
      data: {
        id: first,
        status: 'submitted',
        create_time: epochAtMs + 250,
        update_time: epochAtMs + 250,
        external_id: 'mine-1',
      },
    });
    expect(model.books(251).tasks).toMatchObject([{ product: 'text-to-video', model: 'any-model.9', prompt: 'a cat' }]);
  });

  it('a task is submitted, processing, then succeeded at the very millisecond of its end, with outputs and a bill', () => {
    const { ask } = asking({ epochAtMs, filesUrl: 'http://files.test', deductionOf: () => 7.5 });
    ask(newCreate({ settings: { duration: 8 } }));
    const at = (nowMs: number): unknown => ask(tasks([first]), nowMs).data;
    expect([at(999), at(1_000), at(9_999)]).toMatchObject([
      [{ status: 'submitted', message: '', outputs: [], billing: [], update_time: epochAtMs }],
      [{ status: 'processing', message: '', outputs: [], billing: [], update_time: epochAtMs + 1_000 }],
      [{ status: 'processing' }],
    ]);
    expect(at(10_000)).toEqual([
      {
        id: first,
        status: 'succeeded',
        message: '',
        create_time: epochAtMs,
        update_time: epochAtMs + 10_000,
        outputs: [{ type: 'video', id: `v${first}`, url: `http://files.test/files/${first}.mp4`, duration: '8' }],
        billing: [{ type: 'video', amount: '7.5' }],
      },
    ]);
  });

  it('a failed task says so, and has neither outputs nor a bill', () => {
    const { ask } = asking();
    ask(newCreate({ prompt: '[fail]' }));
    expect(ask(tasks([first]), 10_000).data).toMatchObject([
      { status: 'failed', message: 'The task failed', outputs: [], billing: [] },
    ]);
  });

  it('names tasks by up to 20 ids of one kind, in the order asked, each once; those unknown are absent', () => {
    const { ask, make } = asking();
    const [one, two] = [make({ external_task_id: 'one' }), make({ external_task_id: 'two' })];
    const idsOf = (request: KlingRequest): unknown[] =>
      (ask(request).data as unknown[]).map((task) => [field(task, 'id'), field(task, 'external_id')]);
    const both = [
      [two, 'two'],
      [one, 'one'],
    ];
    expect(idsOf(tasks([two, '404', one, two]))).toEqual(both);
    expect(idsOf(tasks(['two', 'none', 'one'], 'external_task_ids'))).toEqual(both);
    expect(idsOf(tasks(['one']))).toEqual([]);
    expect(idsOf(tasks([one], 'external_task_ids'))).toEqual([]);
    expect(idsOf(tasks(Array.from({ length: 20 }, (_, index) => String(index))))).toEqual([]);
    expect(idsOf({ method: 'GET', target: `/tasks?task_ids=${one}%2C${two}` })).toHaveLength(2);
  });

  it('shows images of /v1, each with its URL', () => {
    const { ask } = asking({ filesUrl: 'http://files.test' });
    ask(create({ n: 2 }, 'images/generations'));
    expect(ask(tasks([first]), 10_000).data).toMatchObject([
      {
        outputs: [
          { type: 'image', id: `i${first}-0`, url: `http://files.test/files/${first}-0.png` },
          { type: 'image', id: `i${first}-1`, url: `http://files.test/files/${first}-1.png` },
        ],
        billing: [{ type: 'image', amount: '2' }],
      },
    ]);
  });

  it('its own tasks are on no page of /v1', () => {
    const { ask } = asking();
    ask(newCreate({ options: { external_task_id: 'mine' } }));
    expect([ask(query('mine')).code, ask(query(first)).code, ask(list()).data]).toEqual([1201, 1201, []]);
  });

  it('finds the words of an image-to-video in a part of its own, or beside the parts', () => {
    const { ask, model } = asking();
    const frame = { type: 'first_frame', url: 'x' };
    ask(newCreate({ contents: [frame, { type: 'prompt', text: 'a dog' }] }, 'image-to-video'));
    ask(newCreate({ prompt: 'a cat', contents: [frame, { type: 'prompt', text: 'a dog' }] }, 'image-to-video'));
    ask(newCreate({}, 'image-to-video'));
    expect(model.books(0).tasks.map(({ prompt }) => prompt)).toEqual(['a dog', 'a cat', '']);
    expect(ask(newCreate({ contents: [{ type: 'prompt', text: '[forbidden]' }] }, 'image-to-video')).code).toBe(1301);
  });

  it('a task of 1080p costs what `pro` does', () => {
    const { ask, model } = asking();
    for (const resolution of ['720p', '1080p']) ask(newCreate({ settings: { resolution, duration: 3 } }));
    expect(model.books(0).tasks.map(({ credits }) => credits)).toEqual([6, 21]);
  });
});

describe('what the new API refuses', () => {
  const long = 'x'.repeat(2_501);
  const longer = '😺'.repeat(3_073);
  const parts = (contents: unknown): KlingRequest => newCreate({ contents }, 'image-to-video');
  it.each<[string, KlingRequest, number, number, string]>([
    ['no model', { ...newCreate(), target: '/text-to-video/' }, 404, 1202, 'method is invalid'],
    ['no model, and no slash', { ...newCreate(), target: '/text-to-video' }, 404, 1202, 'method is invalid'],
    ['a path below a model', { ...newCreate(), target: '/text-to-video/a/b' }, 404, 1202, 'method is invalid'],
    ['a GET of a model', { ...newCreate(), method: 'GET' }, 404, 1202, 'method is invalid'],
    ['a POST to /tasks', { ...tasks(['1']), method: 'POST' }, 404, 1202, 'method is invalid'],
    ['a body that is a list', { ...newCreate(), body: [] }, 400, 1200, 'JSON object'],
    ['a blank prompt', newCreate({ prompt: ' ' }), 400, 1201, 'prompt: must not be empty'],
    ['a long prompt', newCreate({ prompt: longer }), 400, 1201, 'prompt: must be at most 3072 characters'],
    [
      'a long prompt of another family',
      newCreate({ prompt: long }, 'text-to-video', 'kling-2.6'),
      ...([400, 1201, 'prompt: must be at most 2500 characters'] as const),
    ],
    ['2 s', newCreate({ settings: { duration: 2 } }), 400, 1201, 'settings.duration: '],
    ['16 s', newCreate({ settings: { duration: 16 } }), 400, 1201, 'settings.duration: '],
    ['a duration of words', newCreate({ settings: { duration: '5' } }), 400, 1201, 'settings.duration: '],
    [
      '8 s of another family',
      newCreate({ settings: { duration: 8 } }, 'text-to-video', 'kling-2.5-turbo'),
      ...([400, 1201, 'settings.duration: must be 5 or 10 (got 8)'] as const),
    ],
    ['settings that are none', newCreate({ settings: 'best' }), 400, 1201, 'settings: '],
    ['an odd aspect ratio', newCreate({ settings: { aspect_ratio: 'wide' } }), 400, 1201, 'settings.aspect_ratio: '],
    [
      'an odd external id',
      newCreate({ options: { external_task_id: 'a b' } }),
      400,
      1201,
      'options.external_task_id: ',
    ],
    ['an odd callback', newCreate({ options: { callback_url: 'here' } }), 400, 1201, 'options.callback_url: '],
    ['an image missing', parts(undefined), 400, 1201, 'contents: '],
    ['no parts', parts([]), 400, 1201, 'contents: '],
    ['parts that are none', parts({ length: { toString: 1 } }), 400, 1201, 'contents: '],
    ['a type that is none', parts([{ type: { length: { toString: 1 } } }]), 400, 1201, 'contents.0.type: '],
    ['a part without a type', parts([{ url: 'x' }]), 400, 1201, 'contents.0.type: '],
    ['forbidden words', newCreate({ prompt: 'a [forbidden] cat' }), 400, 1301, 'safety'],
    ['no ids', { method: 'GET', target: '/tasks' }, 400, 1201, 'one of the two'],
    [
      'ids of both kinds',
      { method: 'GET', target: '/tasks?task_ids=1&external_task_ids=1' },
      400,
      1201,
      'one of the two',
    ],
    ['21 ids', tasks(Array.from({ length: 21 }, (_, index) => String(index))), 400, 1201, '1 to 20 ids'],
    ['an empty id', tasks(['1', '']), 400, 1201, '1 to 20 ids'],
    ['an empty list', tasks([], 'external_task_ids'), 400, 1201, '1 to 20 ids'],
    ['a signed token', { ...newCreate(), isToken: true }, 401, 1002, 'invalid'],
    ['a signed token for a query', { ...tasks(['1']), isToken: true }, 401, 1002, 'invalid'],
    ['a signed token that is too old, too', { ...tasks(['1']), isToken: true, auth: 1004 }, 401, 1002, 'invalid'],
    ['no header', { ...tasks(['1']), auth: 1001 }, 401, 1001, 'empty'],
  ])('%s', (_what, request, status, code, words) => {
    const { ask, model } = asking();
    const answer = ask(request);
    expect(answer).toMatchObject({ kind: 'json', status, code });
    expect(answer.message).toContain(words);
    expect(model.books(0)).toMatchObject({ created: 0, refused: { [code]: 1 } });
  });

  it.each([
    newCreate({ prompt: '😺'.repeat(3_072) }),
    newCreate({ prompt: long.slice(1), settings: { duration: 10 } }, 'text-to-video', 'kling-2.6'),
    newCreate({ settings: { duration: 15, resolution: '4k', aspect_ratio: '21:9', audio: true, multi_shot: false } }),
    newCreate({ options: { watermark_info: { enabled: false }, external_task_id: 'x'.repeat(64) }, whatever: 1 }),
    newCreate({}, 'text-to-video', 'a-model-of-tomorrow'),
    { ...create(), isToken: true },
  ])('$target takes $body', (request) => {
    expect(asking().ask(request)).toMatchObject({ status: 200, code: 0 });
  });

  it('an external id is taken once, whichever API it came through first', () => {
    const { ask, model } = asking();
    const ours = { external_task_id: 'mine' };
    expect([ask(create(ours)).code, ask(newCreate({ options: ours })).message]).toEqual([
      0,
      'external_task_id mine already exists',
    ]);
    const theirs = { external_task_id: 'other' };
    expect([ask(newCreate({ options: theirs })).code, ask(create(theirs)).code]).toEqual([0, 1201]);
    expect(model.books(0)).toMatchObject({ created: 2, duplicatesRefused: 2 });
  });

  it('slots, credits and the rate are the same as those of /v1', () => {
    const slots = asking({ tasks: 2 });
    const codes = [newCreate(), create(), newCreate(), create()].map((request) => slots.ask(request).code);
    expect(codes).toEqual([0, 0, 1303, 1303]);
    const credits = asking({ credits: 20 });
    expect([newCreate(), create(), newCreate()].map((request) => credits.ask(request).code)).toEqual([0, 0, 1102]);
    const rate = asking({ requests: 2 });
    expect([tasks(['1']), list(), tasks(['1'])].map((request) => rate.ask(request).code)).toEqual([0, 0, 1302]);
  });

  it('its requests are counted as creates and queries', () => {
    const { ask, model } = asking();
    for (const request of [newCreate(), tasks(['1']), tasks([])]) ask(request);
    expect(model.books(0).requests).toEqual({ total: 3, create: 1, query: 2, list: 0, costs: 0, unknown: 0 });
  });
});
