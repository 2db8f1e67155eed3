import { jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { failureOf, klingBench, poll, submit, submitted } from './klingBench.js';
import { ok, refusal } from './scriptedServer.js';

const bench = klingBench();

describe('signed tokens', () => {
  const keys = { accessKey: 'access-key-of-the-test', secretKey: 'secret-key-of-the-test' };
  const tokens = () => bench.server.seen.map(({ headers }) => headers.authorization);
  const stale = refusal(401, 1004, 'token expired');

  it('are sent, and used again', async () => {
    bench.server.answers(ok(submitted));
    const client = bench.client(keys);
    await submit(client);
    bench.clock.advance(60_000);
    await poll(client);
    const [first = '', second] = tokens();
    expect(second).toBe(first);
    const { payload } = await jwtVerify(first.replace('Bearer ', ''), new TextEncoder().encode(keys.secretKey), {
      currentDate: new Date(bench.clock.epochNow()),
    });
    expect(payload.iss).toBe(keys.accessKey);
  });

  it('are signed anew for the call after a stale one; each call is one request', async () => {
    bench.server.answers(stale, ok(submitted));
    const client = bench.client(keys);
    expect(client.classify(await failureOf(submit(client)))).toEqual({ meaning: 'auth-stale' });
    expect(bench.server.seen).toHaveLength(1);
    bench.clock.advance(1_000);
    await submit(client);
    const [first, second] = tokens();
    expect(second).not.toBe(first);
  });

  it('are signed anew once: a second refusal is final', async () => {
    bench.server.answers(stale);
    const client = bench.client(keys);
    await failureOf(submit(client));
    bench.clock.advance(1_000);
    expect(client.classify(await failureOf(submit(client)))).toEqual({ meaning: 'account' });
  });

  it('are signed anew each time that a token which was good goes stale', async () => {
    bench.server.answers(stale, ok(submitted), stale);
    const client = bench.client(keys);
    const meanings = [];
    for (let count = 0; count < 4; count += 1) {
      const outcome: unknown = await submit(client).catch((error: unknown) => client.classify(error).meaning);
      meanings.push(outcome === 'auth-stale' || outcome === 'account' ? outcome : 'good');
      bench.clock.advance(1_000);
    }
    expect(meanings).toEqual(['auth-stale', 'good', 'auth-stale', 'account']);
  });

  it('are not what an API key is', async () => {
    bench.server.answers(stale);
    const client = bench.client();
    expect(client.classify(await failureOf(submit(client)))).toEqual({ meaning: 'account' });
  });
});
