import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { against, promptsFile, resultsIn, scratch, simulated, sluice, withKey } from './sluice.js';

describe('--download', () => {
  it('saves what was made under names that are in the order of the prompts', async () => {
    const simulator = await simulated();
    const out = scratch();
    const file = join(out, 'shots.jsonl');
    writeFileSync(file, '{"prompt":"a","id":"shot"}\n{"product":"images","prompt":"b","n":2}\n{"prompt":"c [fail]"}\n');
    const args = ['generate', file, '--out', out, '--download', ...against(simulator)];
    const { code, stderr } = await sluice(args, { env: withKey });
    expect(code).toBe(1);
    const [video, images] = resultsIn(out);
    const names = [`0001-${video?.id}.mp4`, `0002-${images?.id}-1.png`, `0002-${images?.id}-2.png`];
    expect(readdirSync(join(out, 'videos')).toSorted()).toEqual(names);
    const saved = names.map((name) => readFileSync(join(out, 'videos', name)));
    const outputs = [...(video?.outputs ?? []), ...(images?.outputs ?? [])];
    const served = await Promise.all(
      outputs.map(async ({ url }) => Buffer.from(await (await fetch(url)).arrayBuffer())),
    );
    expect(saved).toEqual(served);
    expect(stderr.match(/^#\d saved as /gm)).toHaveLength(3);
    expect(stderr).toContain(`saved      3 of 3 in ${join(out, 'videos')}\n`);
  });

  it('loads what is missing, of earlier runs too, and nothing twice', async () => {
    const simulator = await simulated();
    const out = scratch();
    const videos = join(out, 'elsewhere');
    const flags = ['--out', out, ...against(simulator)];
    expect((await sluice(['generate', promptsFile(out, 'a', 'b'), ...flags], { env: withKey })).code).toBe(0);
    const args = ['generate', promptsFile(out, 'new', 'a', 'b'), ...flags, '--download', videos];
    const first = await sluice(args, { env: withKey });
    expect(first.code).toBe(0);
    expect(first.stderr).toContain(`saved      3 of 3 in ${videos}\n`);
    const [one, two] = readdirSync(videos).toSorted();
    writeFileSync(join(videos, one!), 'mine');
    rmSync(join(videos, two!));
    const second = await sluice(args, { env: withKey });
    expect(second.stderr).toContain(`saved      3 of 3 in ${videos} (2 by earlier runs)\n`);
    expect(readFileSync(join(videos, one!), 'utf8')).toBe('mine');
    expect(readdirSync(videos)).toHaveLength(3);
  });

  it('ends with 1 where something cannot be saved, which the next run then does', async () => {
    const simulator = await simulated();
    const out = scratch();
    const args = ['generate', promptsFile(out, 'a', 'b'), '--out', out, '--download', ...against(simulator)];
    // Files may have 8 KiB, which no video is content with.
    const { code, stderr } = await sluice(args, { env: withKey, shell: 'ulimit -f 8;' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^#1 could not be saved from http/m);
    expect(stderr).toMatch(/^saved {6}0 of 2 in .* \(2 could not be\)$/m);
    expect(stderr).toMatch(/^to go on {3}run the same command again$/m);
    expect((await sluice(args, { env: withKey })).code).toBe(0);
    expect(readdirSync(join(out, 'videos'))).toHaveLength(2);
    expect(simulator.books().created).toBe(2);
  });
});
