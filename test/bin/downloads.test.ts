import { expect, it } from 'vitest';
import { Downloads, type DownloadEvent } from '../../bin/downloads.js';
import { downloadsOf, type GenerateFlags } from '../../bin/generateFlags.js';
import { scratch } from './sluice.js';

const flags = { out: 'out', download: true } as GenerateFlags;

it('fetches nothing without TLS where Kling is spoken to with it', async () => {
  const events: DownloadEvent[] = [];
  const downloads = new Downloads({ directory: scratch(), httpsOnly: true }, (event) => events.push(event));
  downloads.add({ index: 0, id: 'a', outputs: [{ type: 'video', url: 'http://169.254.169.254/v.mp4' }] });
  await downloads.finish();
  expect(events).toMatchObject([{ type: 'unsaved', message: "it is not https, as Kling's address is" }]);
  expect(downloads.counts).toEqual({ total: 1, saved: 0, earlier: 0, failed: 1 });
});

it.each([
  [{}, true],
  [{ baseUrl: 'https://api-beijing.klingai.com' }, true],
  [{ baseUrl: 'HTTPS://proxy' }, true],
  [{ baseUrl: 'http://127.0.0.1:8080' }, false],
  [{ simulate: true }, false],
] satisfies [Partial<GenerateFlags>, boolean][])('%j: https alone is %j', (more, httpsOnly) => {
  expect(downloadsOf({ ...flags, ...more })).toEqual({ directory: 'out/videos', httpsOnly });
});
