import { describe, expect, it } from 'vitest';
import { against, promptsFile, resultsIn, scratch, simulated, sluice, withKey } from './sluice.js';

const twelve = Array.from({ length: 12 }, (_, index) => `prompt ${index}`);

describe('--concurrent auto', () => {
  it('asks the account how many tasks it may have, and has as many', async () => {
    const simulator = await simulated({ tasks: 7, speed: 100, taskMs: { min: 80_000, max: 80_000 } });
    const out = scratch();
    const args = ['generate', promptsFile(out, ...twelve), '--out', out, '--concurrent', 'auto', ...against(simulator)];
    const { code, stderr } = await sluice(args, { env: withKey });
    expect(code).toBe(0);
    expect(stderr).toContain('12 prompts, 7 at once (as the account says)\n');
    expect(simulator.books()).toMatchObject({ created: 12, greatestRunning: 7, refused: {} });
  });
});

describe('callbacks', () => {
  const secret = `whsec_${Buffer.from('a secret of some length').toString('base64')}`;

  it('tell of the ends, so that hardly anything is asked', async () => {
    const simulator = await simulated({ tasks: 3, speed: 300, callbackSecret: secret });
    const out = scratch();
    const file = promptsFile(out, ...twelve);
    const args = ['generate', file, '--out', out, '--base-url', simulator.url, '--rate', 'off', '--callback-port', '0'];
    const env = { ...withKey, KLING_CALLBACK_SECRET: secret };
    const { code, stdout, stderr } = await sluice([...args, '--poll-interval', '60s'], { env });
    expect(code).toBe(0);
    const { requests, created } = simulator.books();
    expect(created).toBe(12);
    expect(requests.query + requests.list).toBeLessThanOrEqual(2);
    expect(stdout + stderr).not.toContain(secret);
  });

  it('of another run are of no matter to what a prompt is known by', async () => {
    const simulator = await simulated();
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a', 'b'), '--out', out, ...against(simulator)];
    expect((await sluice([...args, '--callback-port', '0'], { env: withKey })).code).toBe(0);
    expect((await sluice([...args, '--callback-port', '0'], { env: withKey })).code).toBe(0);
    expect((await sluice(args, { env: withKey })).code).toBe(0);
    expect(simulator.books().created).toBe(2);
    expect(resultsIn(out)).toHaveLength(2);
  });
});
