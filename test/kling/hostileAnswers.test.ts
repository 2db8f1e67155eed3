import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { failureOf, klingBench, submit } from './klingBench.js';
import { refusal, ScriptedServer, text } from './scriptedServer.js';

const bench = klingBench();

it.each([301, 302, 307, 308])('the key goes nowhere else with HTTP %i', async (status) => {
  const other = await ScriptedServer.start();
  bench.server.answers(text(status, '', { location: `${other.url}/v1/videos/text2video` }));
  expect(await failureOf(submit(bench.client()))).toMatchObject({ kind: 'unreadable', status });
  expect(other.connections).toBe(0);
  await other.stop();
});

it('what is packed is not unpacked, however much would come of it', async () => {
  const packed = gzipSync(Buffer.alloc(20_000_000, '{"code":0,"data":[]}'));
  bench.server.answers((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed));
  const error = await failureOf(submit(bench.client({ maxResponseBytes: packed.length })));
  expect(error).toMatchObject({ kind: 'unreadable', status: 200 });
});

it('the head of an answer has an end', async () => {
  const headers = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x-${i}`, 'a'.repeat(50)]));
  bench.server.answers(text(200, '{}', headers));
  const error = await failureOf(submit(bench.client()));
  expect(error).toMatchObject({ kind: 'connection-lost' });
  expect(error.message).toContain('UND_ERR_HEADERS_OVERFLOW');
});

it('what Kling says is one line in an error, of an end, that turns no writing around', async () => {
  bench.server.answers(refusal(400, 1201, `\x1b]0;owned\x07\r\na\u2028b\u202ec\u2066${'d'.repeat(100_000)}`));
  const error = await failureOf(submit(bench.client()));
  expect(error.klingMessage).toMatch(/^\]0;owned a b c d{200,}$/);
  expect(error.message.length).toBeLessThan(500);
});
