import { describe, expect, it } from 'vitest';
import { concurrencyOf, type KlingPack } from '../../src/kling/packs.js';
import { failureOf, klingBench } from './klingBench.js';
import { json, ok, refusal } from './scriptedServer.js';

const bench = klingBench();

const trial = {
  resource_pack_name: 'Trial-Video-100Units-5Con-1Months',
  resource_pack_id: 'pack-1',
  resource_pack_type: 'decreasing_total',
  total_quantity: 100,
  remaining_quantity: '62.5',
  status: 'online',
};

function costs(...packs: readonly unknown[]) {
  return ok({ code: 0, msg: 'SUCCEED', resource_pack_subscribe_infos: packs });
}

describe.each(['v1', 'new'] as const)('the packs of an account, asked with %s', (api) => {
  it('are asked for by the time of the clock, a year back', async () => {
    bench.server.answers(costs(trial));
    expect(await bench.client({ api }).packs()).toEqual([
      {
        name: 'Trial-Video-100Units-5Con-1Months',
        id: 'pack-1',
        type: 'decreasing_total',
        totalQuantity: 100,
        remainingQuantity: 62.5,
        status: 'online',
      },
    ]);
    const end = bench.clock.epochNow();
    expect(bench.server.last).toMatchObject({
      method: 'GET',
      url: `/account/costs?start_time=${end - 366 * 86_400_000}&end_time=${end}`,
    });
  });

  it('tell how many tasks there may be at once', async () => {
    bench.server.answers(costs(trial, { ...trial, resource_pack_name: 'Image-9Con' }));
    const client = bench.client({ api });
    expect(await client.concurrency()).toBe(5);
    expect(await client.concurrency({ kind: 'image' })).toBe(9);
  });
});

describe('packs', () => {
  it.each([
    ['no list', ok({ code: 0, msg: 'SUCCEED' })],
    ['null', ok({ code: 0, resource_pack_subscribe_infos: null })],
    ['an empty list', costs()],
    ['rows that are none', costs(null, 'pack', 7, [])],
  ])('are none with %s', async (_, answer) => {
    bench.server.answers(answer);
    expect(await bench.client().packs()).toEqual([]);
    expect(await bench.client().concurrency()).toBeUndefined();
  });

  it('are read as far as they can be', async () => {
    bench.server.answers(costs({}, { resource_pack_name: 'Video-\n3Con', status: 7, total_quantity: 'many' }, trial));
    const packs = await bench.client().packs();
    expect(packs.slice(0, 2)).toEqual([
      { name: '', status: '' },
      { name: 'Video- 3Con', status: '' },
    ]);
    expect(packs).toHaveLength(3);
  });

  it.each([
    ['a refusal', refusal(429, 1302, 'too fast'), { kind: 'refused', klingCode: 1302 }],
    ['a refusal within', ok({ code: 1001, msg: 'who?' }), { kind: 'refused', klingCode: 1001, klingMessage: 'who?' }],
    ['no data', json(200, { code: 0 }), { kind: 'unknown-shape' }],
    ['a list that is none', ok({ resource_pack_subscribe_infos: {} }), { kind: 'unknown-shape' }],
  ])('reject with %s', async (_, answer, details) => {
    bench.server.answers(answer);
    expect(await failureOf(bench.client().packs())).toMatchObject(details);
    expect(await failureOf(bench.client().concurrency())).toMatchObject(details);
  });

  it('are asked for from the start of all time where the clock has just begun', async () => {
    bench.server.answers(costs());
    bench.clock.advance(-bench.clock.epochNow() + 5.5);
    await bench.client().packs();
    expect(bench.server.last.url).toBe('/account/costs?start_time=0&end_time=5');
  });

  it('are not asked for once the signal is aborted', async () => {
    const signal = AbortSignal.abort('enough');
    await expect(bench.client().packs({ signal })).rejects.toBe('enough');
    await expect(bench.client().concurrency({ signal })).rejects.toBe('enough');
    expect(bench.server.seen).toEqual([]);
  });
});

describe('concurrencyOf', () => {
  function online(...names: readonly string[]): readonly KlingPack[] {
    return names.map((name) => ({ name, status: 'online' }));
  }

  it.each([
    // name, for videos, for images
    ['Trial-Video-100Units-5Con-1Months', 5, undefined],
    ['Trial-Image-100Units-9Con-1Months', undefined, 9],
    ['Pro-20Con', 20, 20],
    ['Video-and-Image-7Con', 7, 7],
    ['VIDEO_12CON_3MONTHS', 12, undefined],
    ['video 05con', 5, undefined],
    ['Video-100Units10Con', 10, undefined],
    ['Video-5Con1Months', 5, undefined],
    ['Video-100Units-1Months', undefined, undefined],
    ['Video-0Con', undefined, undefined],
    ['Video-1.5Con', undefined, undefined],
    ['Video-1,500Con', undefined, undefined],
    ['Video-Con5', undefined, undefined],
    ['Video-5Contents', undefined, undefined],
    ['Video-9999999Con', undefined, undefined],
    ['', undefined, undefined],
  ])('reads "%s" as %o for videos, %o for images', (name, video, images) => {
    expect(concurrencyOf(online(name), 'video')).toBe(video);
    expect(concurrencyOf(online(name), 'image')).toBe(images);
  });

  it('takes the highest, not the sum', () => {
    expect(concurrencyOf(online('Video-5Con', 'Video-20Con', 'Video-3Con', 'Image-50Con'), 'video')).toBe(20);
  });

  it.each([
    ['online', 5],
    ['Online', 5],
    ['toBeOnline', undefined],
    ['expired', undefined],
    ['runOut', undefined],
    ['', undefined],
  ])('reads the slots of a pack that is "%s" as %o', (status, slots) => {
    expect(concurrencyOf([{ name: 'Video-5Con', status }], 'video')).toBe(slots);
  });
});
