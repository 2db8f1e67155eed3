import { describe, expect, it } from 'vitest';
import type { KlingRequest } from '../../src/simulator/model.js';
import { asking, costs, create, list, query } from './asking.js';

describe('the refusals', () => {
  const long = 'x'.repeat(2_501);
  it.each<[string, KlingRequest, number, number, string]>([
    ['another path', { method: 'GET', target: '/v2/videos' }, 404, 1202, 'method is invalid'],
    ['a slash too many', query(''), 404, 1202, 'method is invalid'],
    ['a path below a task', query('1/2'), 404, 1202, 'method is invalid'],
    ['another method', { method: 'DELETE', target: '/v1/videos/text2video/1' }, 404, 1202, 'method is invalid'],
    ['an unknown task', query('mine'), 400, 1201, 'Task not found by id/external id mine'],
    ['no body', { method: 'POST', target: '/v1/videos/text2video' }, 400, 1200, 'JSON object'],
    ['a body that is a list', { method: 'POST', target: '/v1/videos/text2video', body: [] }, 400, 1200, 'JSON object'],
    ['a body that is null', { method: 'POST', target: '/v1/videos/text2video', body: null }, 400, 1200, 'JSON object'],
    ['no prompt', create({ prompt: undefined }), 400, 1201, 'prompt: '],
    ['a blank prompt', create({ prompt: ' \n' }), 400, 1201, 'prompt: must not be empty'],
    ['a long prompt', create({ prompt: long }), 400, 1201, 'prompt: must be at most 2500 characters'],
    ['a long prompt of emoji', create({ prompt: '😺'.repeat(2_501) }), 400, 1201, 'prompt: must be at most'],
    ['a long negative prompt', create({ negative_prompt: long }), 400, 1201, 'negative_prompt: '],
    ['an unknown mode', create({ mode: 'best' }), 400, 1201, 'mode: '],
    ['a duration of 7', create({ duration: '7' }), 400, 1201, 'duration: '],
    ['a duration as a number', create({ duration: 5 }), 400, 1201, 'duration: '],
    ['an odd aspect ratio', create({ aspect_ratio: '5:4' }), 400, 1201, 'aspect_ratio: '],
    ['a scale over 1', create({ cfg_scale: 1.1 }), 400, 1201, 'cfg_scale: '],
    ['an odd external id', create({ external_task_id: 'a b' }), 400, 1201, 'external_task_id: '],
    ['a long external id', create({ external_task_id: 'x'.repeat(65) }), 400, 1201, 'external_task_id: '],
    ['an image missing', create({}, 'videos/image2video'), 400, 1201, 'image: must be given'],
    ['a data: image', create({ image: 'data:image/png;base64,AA' }, 'videos/image2video'), 400, 1201, 'image: '],
    ['a video missing', create({}, 'videos/video-extend'), 400, 1201, 'video_id: '],
    ['no images', create({ n: 0 }, 'images/generations'), 400, 1201, 'n: '],
    ['ten images', create({ n: 10 }, 'images/generations'), 400, 1201, 'n: '],
    ['half an image', create({ n: 1.5 }, 'images/generations'), 400, 1201, 'n: '],
    ['forbidden words', create({ prompt: 'a [forbidden] cat' }), 400, 1301, 'safety'],
    ['page 0', list('?pageNum=0'), 400, 1201, 'pageNum: must be a whole number from 1 to 1000'],
    ['page 1001', list('?pageNum=1001'), 400, 1201, 'pageNum: '],
    ['a page of 501', list('?pageSize=501'), 400, 1201, 'pageSize: must be a whole number from 1 to 500'],
    ['a page of x', list('?pageSize=x'), 400, 1201, 'pageSize: '],
    ['costs of no time', { method: 'GET', target: '/account/costs?start_time=1' }, 400, 1201, 'end_time: '],
    ['no header', { ...list(), auth: 1001 }, 401, 1001, 'empty'],
    ['a bad token', { ...list(), auth: 1002 }, 401, 1002, 'invalid'],
    ['a token too early', { ...list(), auth: 1003 }, 401, 1003, 'not yet valid'],
    ['a token too late', { ...list(), auth: 1004 }, 401, 1004, 'expired'],
  ])('%s', (_what, request, status, code, words) => {
    const { ask, model } = asking();
    const answer = ask(request);
    expect(answer).toMatchObject({ kind: 'json', status, code });
    expect(answer.message).toContain(words);
    expect(answer.data).toBeUndefined();
    expect(model.books(0)).toMatchObject({ created: 0, refused: { [code]: 1 } });
  });

  it.each([
    create({ prompt: 'x'.repeat(2_500) }),
    create({ prompt: '😺'.repeat(2_500) }),
    create({ model_name: 'kling-v99', sound: 'on', whatever: 1 }),
    create({ cfg_scale: 0, mode: 'pro', duration: '10', aspect_ratio: '9:16', external_task_id: 'x'.repeat(64) }),
    create({ prompt: undefined, image: 'https://x.test/a.png' }, 'videos/image2video'),
    create({ prompt: undefined, image_tail: 'aGVsbG8=' }, 'videos/image2video'),
    create({ prompt: undefined, video_id: 'v1' }, 'videos/video-extend'),
    list('?pageNum=1000&pageSize=500'),
    create({ n: 9, aspect_ratio: '21:9', resolution: '2k' }, 'images/generations'),
  ])('%j is accepted', (request) => {
    expect(asking().ask(request)).toMatchObject({ status: 200, code: 0 });
  });

  it('an external id is taken once in the account, whatever the product, even by a task that has failed', () => {
    const { ask, make, model } = asking();
    make({ external_task_id: 'mine', prompt: '[fail]' });
    const again = create({ external_task_id: 'mine' }, 'images/generations');
    expect(ask(again, 60_000)).toMatchObject({
      status: 400,
      code: 1201,
      message: 'external_task_id mine already exists',
    });
    expect(model.books(60_000)).toMatchObject({ created: 1, duplicatesRefused: 1, refused: { 1201: 1 } });
  });

  it('an external id refused for want of a slot is free still', () => {
    const { ask, make } = asking({ tasks: 1 });
    make();
    expect(ask(create({ external_task_id: 'mine' })).code).toBe(1303);
    expect(ask(create({ external_task_id: 'mine' }), 10_000).code).toBe(0);
  });

  it('checks credentials, rate, validity, duplicate, slots and credits, in this order', () => {
    const { ask } = asking({ tasks: 1, credits: 15, requests: 6, intervalMs: 1_000 });
    const taken = { external_task_id: 'mine' };
    const codes = [
      create(taken),
      create({ n: 1 }), // no slot, no credits: the slot is missed first
      create(taken), // exists, no slot
      create({ ...taken, prompt: '' }), // invalid, exists, no slot
      create({ ...taken, prompt: '[forbidden]' }),
      { method: 'PUT', target: '/nowhere' },
      create({ prompt: '' }), // too fast, invalid
      { ...create({ prompt: '' }), auth: 1002 as const }, // bad token, too fast, invalid
    ].map((request) => ask(request).code);
    expect(codes).toEqual([0, 1303, 1201, 1201, 1301, 1202, 1302, 1002]);
    expect(ask(create(), 10_000).code).toBe(1102);
  });

  it('account pages are read once a second at most', () => {
    const { ask } = asking();
    expect([0, 999, 1_000, 1_999, 2_000].map((nowMs) => ask(costs, nowMs).code)).toEqual([0, 1302, 0, 1302, 0]);
  });

  it('a costs request refused for its own rate does not count in the other, nor the other way', () => {
    const { ask } = asking({ requests: 2, intervalMs: 10_000 });
    expect([ask(costs, 0).code, ask(costs, 1).code, ask(list(), 2).code, ask(list(), 3).code]).toEqual([
      0, 1302, 0, 1302,
    ]);
    expect([ask(costs, 9_999).code, ask(costs, 10_000).code]).toEqual([1302, 0]);
  });
});
