import { expect, it, onTestFinished } from 'vitest';
import { createKlingClient } from '../../src/kling/client.js';
import type { KlingClient } from '../../src/kling/clientOver.js';
import { startSimulator, type Simulator } from '../../src/simulator/server.js';
import { freePort } from '../freePort.js';

it('gives no task an id that a simulator before it has given, and knows none of those', async () => {
  const port = await freePort();
  const first = await started(port);
  const { ref } = await first.client.submit({ product: 'text2video', prompt: 'a cat' }, 'mine');
  await first.simulator.stop();
  const next = await started(port);
  const other = await next.client.submit({ product: 'text2video', prompt: 'a dog' }, 'another');
  expect(other.ref.id).not.toBe(ref.id);
  expect(await next.client.poll([ref])).toEqual(['absent']);
});

async function started(port: number): Promise<{ readonly simulator: Simulator; readonly client: KlingClient }> {
  const simulator = await startSimulator({ port });
  const client = createKlingClient({ apiKey: 'sim-key', baseUrl: simulator.url });
  onTestFinished(async () => {
    await client.close();
    await simulator.stop();
  });
  return { simulator, client };
}
