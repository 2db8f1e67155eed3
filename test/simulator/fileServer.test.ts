import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/server.js';
import { until } from '../until.js';
import { field } from './asking.js';

/** A simulator whose first video is there at once, and where it is. */
async function withVideo(options: SimulatorOptions = {}): Promise<{ simulator: Simulator; file: string }> {
  const simulator = await startSimulator({ taskMs: { min: 0, max: 0 }, ...options });
  onTestFinished(() => simulator.stop());
  const headers = { authorization: 'Bearer sim-key' };
  const body = JSON.stringify({ prompt: 'a cat' });
  const made = await fetch(`${simulator.url}/v1/videos/text2video`, { method: 'POST', headers, body });
  const { data } = (await made.json()) as { data: object };
  return { simulator, file: `${simulator.url}/files/${String(field(data, 'task_id'))}.mp4` };
}

async function bytesOf(file: string, headers: Record<string, string> = {}): Promise<Buffer> {
  return Buffer.from(await (await fetch(file, { headers })).arrayBuffer());
}

/** What arrives of a file, and whether it ended well. */
async function download(file: string): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const [response] = (await once(get(file), 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {});
  await new Promise((resolve) => response.on('close', resolve));
  return { bytes: Buffer.concat(chunks), isWhole: response.complete };
}

describe('files over HTTP', () => {
  it('a download that is cut off goes on where it stopped, to the same file', async () => {
    const { simulator, file } = await withVideo({ faults: { fileReset: { at: [1] } } });
    const { bytes: half, isWhole } = await download(file);
    expect([half.length, isWhole]).toEqual([24_000, false]);
    const rest = await bytesOf(file, { range: `bytes=${half.length}-`, 'if-range': `"${file.split('/').at(-1)}"` });
    expect(Buffer.concat([half, rest]).equals(await bytesOf(file))).toBe(true);
    expect(simulator.books().files).toEqual({ requests: 3, partial: 1, refused: 0 });
  });

  it('a HEAD has the headers alone', async () => {
    const { file } = await withVideo();
    const response = await fetch(file, { method: 'HEAD' });
    const { headers } = response;
    expect([response.status, headers.get('content-length'), headers.get('accept-ranges')]).toEqual([
      200,
      '48000',
      'bytes',
    ]);
    expect((await response.arrayBuffer()).byteLength).toBe(0);
  });

  it('what is not there is 404, and a range beyond the end 416', async () => {
    const { simulator, file } = await withVideo();
    const absent = await fetch(`${simulator.url}/files/8.mp4`);
    expect([absent.status, await absent.json()]).toMatchObject([404, { code: 1203 }]);
    const beyond = await fetch(file, { headers: { range: 'bytes=50000-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */48000']);
  });

  it("a slow one takes nine seconds of Kling's time, and is whole; cut off as well, it is half", async () => {
    const faults = { fileSlow: 1, fileReset: { at: [2] } };
    const { file } = await withVideo({ speed: 100, faults });
    const sentAtMs = systemClock.now();
    const whole = await bytesOf(file);
    expect(systemClock.now() - sentAtMs).toBeGreaterThanOrEqual(90);
    expect(whole.length).toBe(48_000);
    expect(await download(file)).toEqual({ bytes: whole.subarray(0, 24_000), isWhole: false });
  });

  it('a slow one that nobody reads any more holds no timer, and neither does stop()', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const { simulator, file } = await withVideo({ faults: { fileSlow: 1 } });
    const before = timers();
    const leaving = Array.from({ length: 30 }, () => get(file, { agent: false }).on('error', () => {}));
    await until(() => timers() >= before + 30);
    for (const request of leaving) request.destroy();
    await until(() => timers() < before + 15);
    const staying = get(file, { agent: false });
    const [response] = (await once(staying, 'response')) as [IncomingMessage];
    const failed = expect(buffer(response)).rejects.toThrow();
    await Promise.all([simulator.stop(), failed]);
  });
});
