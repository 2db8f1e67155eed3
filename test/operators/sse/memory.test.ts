import { expect, it } from 'vitest';
import { inOwnProcess } from '../../ownProcess.js';

/** 500 clients of 50 keys, most of whom never read again; each key changes 50 times, twice over. */
const script = `
  import { keyedStates, sse } from 'DIST/operators/sse/index.js';
  const states = keyedStates({ epoch: 'e' });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const heap = () => (gc(), gc(), process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers);
  let read = 0;
  const live = async (reader) => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      read += value.length;
    }
  };
  const base = heap();
  for (let i = 0; i < 500; i++) {
    const reader = sse((last) => states.since(last), { stallMs: Infinity }).body.getReader();
    await reader.read();
    if (i % 5 === 0) void live(reader);
    else globalThis['stalled' + i] = reader;
  }
  const heaps = [heap() - base];
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 2_500; i++) {
      const key = String(i % 50);
      states.set(key, { key, i, text: 'x'.repeat(200) + i });
      if (i % 50 === 49) await turn();
    }
    await turn();
    heaps.push(heap() - base);
  }
  console.log(JSON.stringify({ heaps, read }));
  process.exit();
`;

it('should never cost more for a client that does not read than the newest of each key, however much happens', async () => {
  const { heaps, read } = (await inOwnProcess(script, '--expose-gc')) as { heaps: readonly number[]; read: number };
  const [connected = NaN, once = NaN, twice = NaN] = heaps.map((bytes) => bytes / 1_048_576);
  // 100 living clients were told 50 times of each key, some 250 bytes a time.
  expect(read).toBeGreaterThan(100 * 2_500 * 200);
  expect(once - connected).toBeLessThan(16);
  expect(twice - once).toBeLessThan(2);
});

/** A client whose request nobody else keeps goes, after its garbage was collected. */
const leaving = `
  import { Subject } from 'rxjs';
  import { sse } from 'DIST/operators/sse/index.js';
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const [events, client] = [new Subject(), new AbortController()];
  const begin = () => sse(events, { request: new Request('http://localhost/', { signal: client.signal }) });
  const reader = begin().body.getReader();
  await reader.read();
  void reader.read();
  for (let i = 0; i < 10; i++) (await turn(), gc());
  const before = events.observed;
  client.abort();
  await turn();
  console.log(JSON.stringify([before, events.observed]));
  process.exit();
`;

it('should hear of a client that goes, also where nobody else keeps its request', async () => {
  expect(await inOwnProcess(leaving, '--expose-gc')).toEqual([true, false]);
});
