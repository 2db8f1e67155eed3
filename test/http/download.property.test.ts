import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { Agent } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { download } from '../../src/http/download.js';
import { isPlausible } from '../../src/http/downloading/content.js';
import { runs } from '../runs.js';
import { serving, video, type Serving } from './downloadBench.js';
import { Loopback, reset, status, type Reply } from './loopback.js';

const versions = [video(150_000), video(120_000, 2)] as const;
const pieceBytes = 30_000;

let server: Loopback;
let reply: Reply;
const dispatcher = new Agent();
beforeAll(async () => {
  server = await Loopback.start({ '/v.mp4': (...given) => reply(...given) });
});
afterAll(async () => {
  await dispatcher.destroy();
  await server.stop();
});

/** One try, and what becomes of it: the answer, where it is cut, and when the machine takes a picture of the folder. */
const attempt = fc.record({
  version: fc.constantFrom(0, 1),
  answer: fc.constantFrom('file', 'file', 'file', 'page', 'fault', 'reset'),
  cutAt: fc.oneof(fc.constant(Infinity), fc.nat(150_000)),
  validator: fc.constantFrom('etag', 'etag', 'weak', 'date', 'none'),
  chunked: fc.boolean(),
  ignoresIfRange: fc.boolean(),
  overwrite: fc.boolean(),
  killAfterTurns: fc.nat(60),
});
type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

it('should never show a file that is not whole, wherever it is cut or killed, and always get there in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 5 }), async (attempts) => {
      const root = mkdtempSync(join(tmpdir(), 'sluice-'));
      try {
        const folder = mkdtempSync(join(root, 'run-'));
        const killed = mkdtempSync(join(root, 'killed-'));
        const fetchInto = (to: string, overwrite = false) =>
          download({ url: `${server.url}/v.mp4`, file: join(to, 'v.mp4'), dispatcher, overwrite });

        for (const [index, each] of attempts.entries()) {
          reply = replyTo(each);
          const ending = fetchInto(folder, each.overwrite).catch(() => undefined);
          await turns(each.killAfterTurns);
          // What a kill at this very instant would leave.
          picture(folder, join(killed, `${index}`));
          await ending;
          expect(await versionIn(folder)).not.toBe('broken');
        }

        reply = serving(versions[0], { etag: '"0"' });
        for (const left of [folder, ...attempts.map((_, index) => join(killed, `${index}`))]) {
          expect([basename(left), await versionIn(left)]).not.toContain('broken');
          await fetchInto(left);
          expect(await versionIn(left)).toMatch(/^version/);
        }
      } finally {
        rmSync(root, { recursive: true });
      }
    }),
    runs(40),
  );
});

it('should always find out about a file by its beginning, whatever that is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.string(), fc.string(), (head, type, name) => {
      expect(isPlausible(head, type, name)).toBeTypeOf('boolean');
    }),
    runs(300),
  );
});

function replyTo({ answer, version, cutAt, validator, ...how }: Attempt): Reply {
  if (answer === 'page') return status(200, { 'content-type': 'text/html' }, '<html></html>');
  if (answer === 'fault') return status(503);
  if (answer === 'reset') return reset;
  const options = { ...validators(version)[validator], ...how };
  return cutAt === Infinity ? serving(versions[version], options) : cut(version, cutAt, options);
}

function validators(version: number): Record<Attempt['validator'], Serving> {
  return {
    etag: { etag: `"${version}"` },
    weak: { etag: `W/"${version}"` },
    date: { lastModified: `Sun, 01 Nov 2026 00:00:0${version} GMT`, date: 'Sun, 01 Nov 2026 01:00:00 GMT' },
    none: {},
  };
}

/** Piece by piece, and then the connection is gone. */
function cut(version: 0 | 1, at: number, options: Serving): Reply {
  return (response, request, arrival) => {
    const write = response.write.bind(response) as (chunk: Uint8Array, next: () => void) => boolean;
    response.end = ((body: Uint8Array = new Uint8Array()) => {
      const until = Math.max(0, at - versions[version].length + body.length);
      const next = (from: number): void => {
        if (from >= until) return void setImmediate(() => request.socket.destroy());
        write(body.subarray(from, Math.min(from + pieceBytes, until)), () => setImmediate(next, from + pieceBytes));
      };
      next(0);
    }) as typeof response.end;
    serving(versions[version], options)(response, request, arrival);
  };
}

/** Copies what is there, at a stroke but for one renaming or removal that was under way. */
function picture(folder: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(folder)) {
    try {
      copyFileSync(join(folder, name), join(to, name));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
}

async function versionIn(folder: string): Promise<string> {
  const saved = await readFile(join(folder, 'v.mp4')).catch(() => undefined);
  if (saved === undefined) return 'none';
  const version = versions.findIndex((content) => saved.equals(content));
  return version < 0 ? 'broken' : `version ${version}`;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
