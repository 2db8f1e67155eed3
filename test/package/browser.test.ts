import { readFile, copyFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { hasBrowser, launch } from '../examples/browser.js';
import { emptyProject, pack, unpack } from './packed.js';

const project = emptyProject();
let script = '';

beforeAll(async () => {
  if (!hasBrowser) return;
  await unpack(await pack(project), ['rxjs', 'zod', 'structured-headers']);
  script = await bundled();
});

it.skipIf(!hasBrowser)('should do in a browser what it does in Node, on a page without https, too', async () => {
  const url = await serve(script);
  // Loopback by its own name counts as safe.
  const browser = await launch('--host-resolver-rules=MAP intranet.test 127.0.0.1');
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.goto(url.replace('127.0.0.1', 'intranet.test'));
  // As text: what tests are compiled to is not for pages.
  const told = await page.evaluate("import('/script.js').then(({ runAll }) => runAll())");

  expect(told).toEqual({
    rateLimit: { values: [1, 2, 3, 4, 5, 6], isKept: true },
    concurrencyLimit: { values: [0, 1, 4, 9, 16], most: 2 },
    retryWithJitter: { values: [{ tries: 3 }], retries: ['transient', 'too-fast'] },
    pollUntilDone: ['queued', 'running', 'done'],
    pullFrom: { values: [10, 20, 30], pulled: 3 },
    createLimiter: {
      ends: [0, 1, 2, 3, 'SLUICE_QUEUE_FULL'],
      used: ['4 per 60000 ms: 4', 'concurrency: 0'],
      types: [
        ...['admitted', 'admitted', 'waiting', 'waiting', 'waiting', 'dropped'],
        'admitted',
        'admitted',
        'warning',
      ],
    },
    createRequestQueue: [2, 3],
    generate: {
      told: [
        { prompt: 'a lighthouse', status: 'succeeded', urls: ['/a-lighthouse.png'] },
        { prompt: 'a cat', status: 'succeeded', urls: ['/a-cat.png'] },
        { prompt: 'forbidden', status: 'failed', urls: [], meaning: 'invalid' },
        { prompt: 'a storm', status: 'succeeded', urls: ['/a-storm.png'] },
      ],
      size: 4,
      phases: true,
    },
    sse: {
      type: 'text/event-stream',
      text: [
        ...['retry: 3000', '', 'data: {"percent":50}', '', 'id: 7', 'event: state', 'data: "done"', ''],
        ...['id: end', 'event: end', 'data: null', '', ''],
      ].join('\n'),
    },
    wrongOptions: {
      name: 'OptionsError',
      message: 'rateLimit: limit: too small: expected number to be >=1 (got 0)',
      path: 'limit',
    },
  });
  expect(complaints).toEqual([]);
});

/** All that the page needs in one file, as a bundler makes it for browsers; what is left to be had elsewhere is an error. */
async function bundled(): Promise<string> {
  await copyFile('test/package/inBrowser.js', join(project, 'inBrowser.js'));
  const bundle = await rolldown({
    input: join(project, 'inBrowser.js'),
    platform: 'browser',
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  const file = join(project, 'script.js');
  const { output } = await bundle.write({ file, minify: true });
  await bundle.close();
  expect(output.flatMap((it) => (it.type === 'chunk' ? it.imports : []))).toEqual([]);
  return readFile(file, 'utf8');
}

/** The page, its script, and an API of tasks that are queued, then running, then done, one step for each poll. */
async function serve(body: string): Promise<string> {
  const asked = new Map<string, number>();
  let tries = 0;
  const routes: Record<string, RequestListener> = {
    '/': (_request, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>-</title>'),
    '/favicon.ico': (_request, response) => response.writeHead(204).end(),
    '/script.js': (_request, response) => response.setHeader('content-type', 'text/javascript').end(body),
    '/flaky': (_request, response) => {
      tries += 1;
      if (tries === 1) response.writeHead(503).end();
      else if (tries === 2) response.writeHead(429).end();
      else response.end(JSON.stringify({ tries }));
    },
    '/tasks': (request, response) => {
      const ids = new URL(request.url ?? '', 'http://host').searchParams.get('ids')?.split(',');
      if (ids !== undefined) return void response.end(JSON.stringify(ids.map((id) => stateOf(id))));
      let prompt = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (prompt += chunk));
      request.on('end', () => {
        if (prompt === 'forbidden') response.writeHead(400).end();
        else response.end(JSON.stringify({ id: prompt.replaceAll(' ', '-'), state: 'queued' }));
      });
    },
  };
  const stateOf = (id: string): object => {
    const count = (asked.get(id) ?? 0) + 1;
    asked.set(id, count);
    const state = ['queued', 'running', 'done'][Math.min(count, 3) - 1];
    return { id, state, ...(state === 'done' && { url: `/${id}.png` }) };
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://host');
    const route = routes[pathname];
    if (route === undefined) response.writeHead(404).end();
    else route(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { readonly port: number };
  return `http://127.0.0.1:${port}/`;
}
