import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { connect } from '../../examples/streaming-backend/connection.js';
import { Sessions } from '../../examples/streaming-backend/sessions.js';
import { settingsFrom } from '../../examples/streaming-backend/settings.js';
import { Studio } from '../../examples/streaming-backend/studio.js';
import { videoFrom } from '../../examples/streaming-backend/video.js';
import { inWords } from '../../examples/streaming-backend/words.js';
import { scratch } from '../bin/sluice.js';

it('keeps what waits in a simulation apart from what is paid for', () => {
  const [simulated, real] = [settingsFrom({}), settingsFrom({ KLING_API_KEY: 'key' })];
  expect(simulated.DATA_DIR).not.toBe(real.DATA_DIR);
  expect(settingsFrom({ DATA_DIR: 'mine' }).DATA_DIR).toBe('mine');
});

it.each([
  ['https://Videos.example:443/', 'https://videos.example'],
  ['http://videos.example:8080/path', 'http://videos.example:8080'],
])('takes %s for an origin as a browser says it', (given, origin) => {
  expect(settingsFrom({ PUBLIC_ORIGIN: given }).PUBLIC_ORIGIN).toBe(origin);
});

it('refuses an origin that no browser has', () => {
  expect(() => settingsFrom({ PUBLIC_ORIGIN: 'videos.example' })).toThrow('PUBLIC_ORIGIN: must be an address');
});

it('makes another key where a full disk has left an empty one', () => {
  const directory = scratch();
  const file = join(directory, 'cookie-secret');
  writeFileSync(file, '');
  new Sessions(directory, 'the-operators-own-token', false);
  expect(readFileSync(file, 'utf8')).toHaveLength(43);
});

it('answers for a place of videos that is not there', async () => {
  const answer = await videoFrom('http://127.0.0.1:1/video.mp4', new Request('http://localhost/'));
  expect(answer.status).toBe(502);
});

it.each([200, 404])('leaves no connection to the place of videos that answers a HEAD with %i', async (status) => {
  const server = createServer((_, response) => response.writeHead(status).write('a beginning')).listen(0, '127.0.0.1');
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const left = connected.then(([socket]) => once(socket, 'close'));
  const answer = await videoFrom(`http://127.0.0.1:${port}/`, new Request('http://localhost/', { method: 'HEAD' }));
  expect([answer.status, answer.body]).toEqual([status === 200 ? 200 : 502, null]);
  await left;
});

it('learns how long a video takes by a clock that nobody sets', async () => {
  const settings = settingsFrom({ DATA_DIR: scratch(), SIMULATOR_SPEED: '300' });
  const connection = await connect(settings);
  const studio = new Studio(settings, connection, (error) => expect.unreachable(String(error)));
  onTestFinished(async () => {
    studio.close();
    vi.restoreAllMocks();
    await connection.close();
  });
  await studio.ready;
  studio.submit('somebody', 'a cat');
  const wall = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(wall - 3_600_000);
  expect(await firstValueFrom(studio.ended$)).toBe('done');
  expect(studio.expectations.typicalMs).toBeGreaterThan(0);
});

it('blames no prompt for a task that the service has lost', () => {
  const lost = { meaning: 'invalid', code: 'SLUICE_TASK_LOST', message: '' } as const;
  expect(inWords(lost)).toContain('does not know this video');
  expect(inWords({ ...lost, code: '1201' })).toContain('Change it');
});
