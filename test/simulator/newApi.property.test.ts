import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../runs.js';
import { asking, create, field, newCreate, query, tasks } from './asking.js';

const orders = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 3_000 }),
    prompt: fc.constantFrom('a cat', 'a dog [fail]'),
    images: fc.integer({ min: 0, max: 9 }),
    isNew: fc.boolean(),
    isNamed: fc.boolean(),
  }),
  { minLength: 1, maxLength: 20 },
);
const instants = fc.array(fc.integer({ min: 0, max: 12_000 }), { minLength: 1, maxLength: 8 });
const taskMs = { min: 0, max: 9_000 };

const newNames: Readonly<Record<string, string>> = { succeed: 'succeeded' };

/** A task of `/v1` as the new API would tell of it, by the names of both. */
function translated(data: unknown): object {
  const result = field(data, 'task_result');
  const videos = (field(result, 'videos') ?? []) as { id: string; url: string; duration: string }[];
  const images = (field(result, 'images') ?? []) as { url: string }[];
  const status = String(field(data, 'task_status'));
  return {
    id: field(data, 'task_id'),
    status: newNames[status] ?? status,
    message: field(data, 'task_status_msg'),
    create_time: field(data, 'created_at'),
    update_time: field(data, 'updated_at'),
    external_id: field(field(data, 'task_info'), 'external_task_id'),
    outputs: [
      ...videos.map(({ url, duration }) => ({ type: 'video', url, duration })),
      ...images.map(({ url }) => ({ type: 'image', url })),
    ],
    amount: field(data, 'final_unit_deduction'),
  };
}

function summed(row: unknown): object {
  const outputs = field(row, 'outputs') as Record<string, unknown>[];
  const [bill] = field(row, 'billing') as object[];
  return {
    ...Object.fromEntries(
      ['id', 'status', 'message', 'create_time', 'update_time', 'external_id'].map((name) => [name, field(row, name)]),
    ),
    outputs: outputs.map(({ type, url, duration }) => ({ type, url, ...(duration !== undefined && { duration }) })),
    amount: field(bill, 'amount'),
  };
}

describe('the two APIs', () => {
  it('should always tell the same of a task that came through /v1', () => {
    fc.assert(
      fc.property(orders, instants, (given, atMs) => {
        const { ask } = asking({ taskMs, tasks: 1_000, deductionOf: ({ seconds, images }) => seconds / 2 + images });
        const made = given.map(({ prompt, images, isNamed }, index) => {
          const product = images > 0 ? ('images/generations' as const) : ('videos/text2video' as const);
          const name = isNamed ? { external_task_id: `mine-${index}` } : {};
          const body = { prompt, ...name, ...(images > 0 && { n: images }) };
          return { product, id: String(field(ask(create(body, product)).data, 'task_id')) };
        });
        for (const nowMs of atMs.toSorted((one, other) => one - other)) {
          const rows = ask(tasks(made.map(({ id }) => id)), nowMs).data as unknown[];
          const others = made.map(({ id, product }) => translated(ask(query(id, product), nowMs).data));
          expect(rows.map(summed)).toEqual(others);
        }
      }),
      runs(100),
    );
  });

  it('should always find a task by either of its ids, and all tasks there are', () => {
    fc.assert(
      fc.property(orders, (given) => {
        const { ask, model } = asking({ taskMs });
        let nowMs = 0;
        for (const [index, { afterMs, prompt, isNew, isNamed }] of given.entries()) {
          nowMs += afterMs;
          const name = isNamed ? { external_task_id: `mine-${index}` } : {};
          ask(isNew ? newCreate({ prompt, options: name }) : create({ prompt, ...name }), nowMs);
        }
        const { tasks: records } = model.books(nowMs);
        const ids = records.map(({ taskId }) => taskId);
        const rows = ask(tasks(ids), nowMs).data as unknown[];
        expect(rows.map((row) => field(row, 'id'))).toEqual(ids);
        const named = records.flatMap(({ externalId }) => externalId ?? []);
        if (named.length === 0) return;
        const byName = ask(tasks(named, 'external_task_ids'), nowMs).data as unknown[];
        expect(byName).toEqual(rows.filter((row) => field(row, 'external_id') !== undefined));
      }),
      runs(100),
    );
  });
});
