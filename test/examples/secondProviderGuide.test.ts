import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AtelierError } from '../../examples/second-provider/atelierError.js';
import { createAtelierApi } from '../../examples/second-provider/atelierApi.js';
import { classify } from '../../examples/second-provider/classify.js';

const page = readFileSync('docs/guides/providers.md', 'utf8');
const source = 'examples/second-provider';

/** What of a block is the example's: not its imports, which have other paths there, and what stands for the rest of a file. */
function ownLines(block: string): string {
  return block
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^declare .*\n/gm, '')
    .trim();
}

describe('the guide to another provider', () => {
  it('should show the code of the example as it is', () => {
    const files = readdirSync(source, { encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const texts = files.map((name) => readFileSync(`${source}/${name}`, 'utf8'));
    const blocks = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => ownLines(code));
    expect(blocks.length).toBeGreaterThan(3);
    expect(blocks.filter((block) => !texts.some((text) => text.includes(block)))).toEqual([]);
  });
});

/** Rows of the table: `| 401, 403 | `account` | `account` |`. */
const rows = [...page.matchAll(/^\| (.*?) \| `([a-z-]+)` \| `([a-z-]+)` \|$/gm)].map(
  ([, what = '', submit = '', read = '']) => ({ what, submit, read }),
);

describe('the meanings in its table', () => {
  let answer: (response: ServerResponse) => void = () => undefined;
  const server = createServer((_, response) => answer(response));
  let url = '';
  let nowhere = '';
  beforeAll(async () => {
    url = await listening(server);
    const closed = createServer();
    nowhere = await listening(closed);
    closed.close();
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  /** What the two kinds of calls come to, over HTTP. */
  async function meanings(at: string, answers: typeof answer, timeoutMs = 20_000): Promise<readonly string[]> {
    answer = answers;
    const api = createAtelierApi({ url: at, token: 'any', timeoutMs });
    const submitted = await api.submit({ prompt: 'a', quality: 'draft' }, 'key').catch((error: unknown) => error);
    const [polled] = await api.poll([{ product: 'jobs', id: 'j-1' }]).catch((error: unknown) => [error]);
    for (const error of [submitted, polled]) expect(error).toBeInstanceOf(AtelierError);
    return [classify(submitted).meaning, classify(polled).meaning];
  }

  it.each(rows)('should be those of $what', async ({ what, submit, read }) => {
    const statuses = what.match(/\d{3}/g)?.map(Number) ?? [];
    const headers = {
      ...(what.includes('Retry-After') && { 'retry-after': '1' }),
      ...(what.includes('used up') && { ratelimit: '"requests";r=4;t=9, "jobs";r=0' }),
    };
    const found: (readonly string[])[] = [];
    for (const status of statuses) {
      found.push(await meanings(url, (response) => response.writeHead(status, headers).end()));
    }
    if (what.includes('no connection')) found.push(await meanings(nowhere, () => undefined));
    if (what.includes('broke')) found.push(await meanings(url, (response) => response.socket?.destroy()));
    if (what.includes('too late')) found.push(await meanings(url, () => undefined, 50));
    if (what.includes('cannot be understood')) {
      found.push(await meanings(url, (response) => response.end('<html>')));
      const job = { id: 'j-1', key: 'key', state: 'varnished', created: '2026-01-01T00:00:00Z' };
      const body = JSON.stringify({ jobs: [{ ...job, changed: job.created }] });
      found.push(await meanings(url, (response) => response.end(body)));
    }
    expect(found.length).toBeGreaterThan(0);
    for (const each of found) expect(each).toEqual([submit, read]);
  });

  it('should cover every case', () => {
    expect(rows).toHaveLength(12);
  });
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it has no port');
  return `http://127.0.0.1:${address.port}`;
}
