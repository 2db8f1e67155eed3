import { describe, expect, it } from 'vitest';
import { asking, costs, create, field, list, query } from './asking.js';

const epochAtMs = 1_800_000_000_000;

describe('what the API answers', () => {
  it('a create tells the id, the status and the instants', () => {
    const { ask } = asking({ epochAtMs });
    expect(ask(create({ external_task_id: 'mine-1' }), 250.7)).toMatchObject({
      kind: 'json',
      status: 200,
      code: 0,
      data: {
        task_id: '800000000000000001',
        task_status: 'submitted',
        task_info: { external_task_id: 'mine-1' },
        created_at: epochAtMs + 250,
        updated_at: epochAtMs + 250,
      },
    });
  });

  it('numbers its answers, and wraps them all alike', () => {
    const { model } = asking();
    expect(model.answer(list(), 0, Math.random)).toMatchObject({ body: { request_id: 'sim-1', message: 'SUCCEED' } });
    expect(model.answer(query('none'), 0, Math.random)).toEqual({
      kind: 'json',
      status: 400,
      headers: {},
      body: { code: 1201, message: 'Task not found by id/external id none', request_id: 'sim-2' },
    });
  });

  it('a task is submitted, processing, then succeed at the very millisecond of its end', () => {
    const { ask, make, statusOf } = asking({ epochAtMs, taskMs: { min: 10_000, max: 10_000 } });
    const id = make({}, 500);
    expect([1_499, 1_500, 10_499, 10_500].map((nowMs) => statusOf(id, nowMs))).toEqual([
      'submitted',
      'processing',
      'processing',
      'succeed',
    ]);
    expect(field(ask(query(id), 10_499).data, 'updated_at')).toBe(epochAtMs + 1_500);
    expect(field(ask(query(id), 99_999).data, 'updated_at')).toBe(epochAtMs + 10_500);
  });

  it('a running task has no result yet', () => {
    const { ask, make } = asking();
    const { data } = ask(query(make()), 9_999);
    expect(data).toMatchObject({ task_status: 'processing', task_status_msg: '' });
    expect(data).not.toHaveProperty('task_result');
    expect(data).not.toHaveProperty('final_unit_deduction');
  });

  it('a video that succeeded has a URL, a duration in seconds and its price, as strings', () => {
    const { ask, make } = asking({ filesUrl: 'http://files.test' });
    const id = make({ mode: 'pro', duration: '10' });
    expect(ask(query(id), 10_000).data).toMatchObject({
      task_status: 'succeed',
      task_result: { videos: [{ id: `v${id}`, url: `http://files.test/files/${id}.mp4`, duration: '10' }] },
      final_unit_deduction: '70',
    });
  });

  it('images come one by one, with their index', () => {
    const { ask } = asking({ filesUrl: 'http://files.test' });
    const id = String(field(ask(create({ n: 2 }, 'images/generations')).data, 'task_id'));
    expect(ask(query(id, 'images/generations'), 10_000).data).toMatchObject({
      task_result: {
        images: [
          { index: 0, url: `http://files.test/files/${id}-0.png` },
          { index: 1, url: `http://files.test/files/${id}-1.png` },
        ],
      },
      final_unit_deduction: '2',
    });
  });

  it('a failed task says so, and has neither result nor price', () => {
    const { ask, make } = asking();
    const { data } = ask(query(make({ prompt: 'a cat [fail]' })), 10_000);
    expect(data).toMatchObject({ task_status: 'failed', task_status_msg: 'The task failed' });
    expect(data).not.toHaveProperty('task_result');
    expect(data).not.toHaveProperty('final_unit_deduction');
  });

  it('a task is found by the external id too, under its own product only', () => {
    const { ask, make } = asking();
    const id = make({ external_task_id: 'mine' });
    expect(field(ask(query('mine')).data, 'task_id')).toBe(id);
    expect(ask(query('mine', 'videos/image2video'))).toMatchObject({ status: 400, code: 1201 });
    expect(ask(query(id, 'images/generations'))).toMatchObject({ status: 400, code: 1201 });
  });

  it('a task without external id has an empty task_info', () => {
    expect(asking().ask(create()).data).toMatchObject({ task_info: {} });
  });

  it('lists newest first, page by page, each product apart', () => {
    const { ask, make } = asking();
    const [first, second, third] = [make(), make(), make()];
    ask(create({}, 'images/generations'));
    const ids = (search: string): unknown[] =>
      (ask(list(search)).data as unknown[]).map((task) => field(task, 'task_id'));
    expect(ids('')).toEqual([third, second, first]);
    expect(ids('?pageNum=1&pageSize=2')).toEqual([third, second]);
    expect(ids('?pageNum=2&pageSize=2')).toEqual([first]);
    expect(ids('?pageNum=3&pageSize=2')).toEqual([]);
  });

  it('a page is of 30 where nobody says', () => {
    const { ask, make } = asking();
    for (let count = 0; count < 31; count += 1) make();
    expect(ask(list()).data).toHaveLength(30);
  });

  it('the account page names a pack by its slots, and what is left in it, among others that do not hold', () => {
    const { ask, make } = asking({ tasks: 3 });
    make();
    make({ prompt: '[fail]' });
    const packsAt = (nowMs: number): unknown => field(ask(costs, nowMs).data, 'resource_pack_subscribe_infos');
    const pack = (name: string, units: number, left: number, status: string): object => ({
      resource_pack_name: name,
      total_quantity: units,
      remaining_quantity: left,
      status,
    });
    const others = [
      pack('Trial-Video-500Units-10Con-1Months', 500, 120, 'expired'),
      pack('Trial-Image-2000Units-7Con-3Months', 2_000, 2_000, 'online'),
    ];
    const ours = 'Trial-Video-1000Units-3Con-1Months';
    expect(packsAt(0)).toMatchObject([...others, pack(ours, 1_000, 980, 'online')]);
    expect(packsAt(10_000)).toMatchObject([...others, pack(ours, 1_000, 990, 'online')]);
  });
});
