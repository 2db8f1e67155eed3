import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseClientOptions } from '../../src/kling/clientOptions.js';
import { clientOver } from '../../src/kling/clientOver.js';
import type { KlingApi } from '../../src/kling/klingRequest.js';
import type { HttpAnswer, HttpRequest, Transport } from '../../src/kling/transport.js';
import { createKlingModel } from '../../src/simulator/model.js';
import { failureOf } from './klingBench.js';
import { VirtualClock } from '../virtualClock.js';

/** A client and a model of Kling that share a clock, and no network. */
function inVirtualTime(api: KlingApi) {
  const clock = new VirtualClock();
  const model = createKlingModel({
    tasks: 2,
    requests: 'off',
    taskMs: { min: 60_000, max: 60_000 },
    epochAtMs: clock.epochNow(),
  });
  const seen: HttpRequest[] = [];
  const transport: Transport = {
    send(request) {
      seen.push(request);
      const { method, path: target, body } = request;
      const answer = model.answer({ method, target, body }, clock.now(), () => 0.5);
      if (answer.kind !== 'json') return Promise.reject(new Error(`not scripted: ${answer.kind}`));
      const { status } = answer;
      return Promise.resolve<HttpAnswer>({ status, retryAfterMs: undefined, text: JSON.stringify(answer.body) });
    },
    close: () => Promise.resolve(),
  };
  return {
    clock,
    seen,
    client: clientOver(transport, parseClientOptions({ api, apiKey: 'api-key-of-the-test', clock })),
  };
}

describe.each(['v1', 'new'] as const)('clientOver for %s', (api) => {
  it('runs a task to its end in virtual time, over no network', async () => {
    const { client, clock } = inVirtualTime(api);
    const request = client.parse('A cat');
    const created = await client.submit(request, 'e-1');
    expect(created).toMatchObject({ status: 'running', externalId: 'e-1', createdAtMs: clock.epochNow() });
    expect(await client.lookUp(request, 'e-1')).toEqual(created);
    clock.advance(60_000);
    expect(await client.poll([created.ref])).toMatchObject([
      {
        status: 'succeeded',
        credits: 10,
        outputs: [{ type: 'video', durationMs: 5_000 }],
        updatedAtMs: clock.epochNow(),
      },
    ]);
  });

  it('polls several in one request, and knows slots and duplicates', async () => {
    const { client, seen } = inVirtualTime(api);
    const request = client.parse('A cat');
    const one = await client.submit(request, 'e-1');
    const refused = await failureOf(client.submit(request, 'e-1'));
    expect(client.classify(refused)).toEqual({ meaning: 'duplicate' });
    const two = await client.submit(request, 'e-2');
    expect(client.classify(await failureOf(client.submit(request, 'e-3')))).toEqual({ meaning: 'no-slot' });
    expect(await client.lookUp(request, 'e-3')).toBeUndefined();
    const before = seen.length;
    const stranger = { product: 'text2video', id: 'nobody' };
    expect(await client.poll([two.ref, stranger, one.ref])).toEqual([two, api === 'v1' ? 'unseen' : 'absent', one]);
    expect(seen).toHaveLength(before + 1);
    expect(await client.poll([stranger])).toEqual(['absent']);
    expect(await client.concurrency()).toBe(2);
  });
});

describe('clientOver', () => {
  it('sends the credentials, and no header or host of HTTP', async () => {
    const { client, seen } = inVirtualTime('v1');
    await client.check();
    expect(seen).toEqual([
      {
        call: 'read',
        method: 'GET',
        path: '/v1/videos/text2video?pageNum=1&pageSize=1',
        token: 'api-key-of-the-test',
      },
    ]);
  });

  it('should never load the HTTP client: what it is made of runs in a browser', () => {
    const packages = packagesBelow('src/kling/clientOver.ts');
    expect(packages).toEqual(new Set(['jose', 'zod', 'zod/locales', 'zod/mini']));
    expect(packagesBelow('src/kling/client.ts')).toContain('undici');
  });
});

/** The packages that a file loads, by itself or through others; imports of types load nothing. */
function packagesBelow(file: string, seen = new Set<string>(), packages = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return packages;
  seen.add(file);
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm,
  )) {
    if (!target.startsWith('.')) packages.add(target);
    else packagesBelow(normalize(join(dirname(file), target)).replace(/\.js$/, '.ts'), seen, packages);
  }
  return packages;
}
