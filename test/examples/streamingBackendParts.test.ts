import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sessions } from '../../examples/streaming-backend/sessions.js';
import { settingsFrom } from '../../examples/streaming-backend/settings.js';
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

it('blames no prompt for a task that the service has lost', () => {
  const lost = { meaning: 'invalid', code: 'SLUICE_TASK_LOST', message: '' } as const;
  expect(inWords(lost)).toContain('does not know this video');
  expect(inWords({ ...lost, code: '1201' })).toContain('Change it');
});
