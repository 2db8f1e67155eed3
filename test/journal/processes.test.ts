import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JournalLockedError } from '../../src/errors.js';
import { fileJournal } from '../../src/journal/fileJournal.js';
import { fold } from '../../src/journal/fold.js';
import { lockFile } from '../../src/journal/lock.js';
import { Child, compiledJournal, temporaryDirectory } from './children.js';
import { lifeOf } from './entries.js';

const compiled = compiledJournal();

/** Takes a lock, or the lock of a journal, says so, and keeps it until it ends. */
const holding = (path: string): string => `
  import { lockFile } from '${compiled}/journal/lock.js';
  await lockFile(${JSON.stringify(path)});
  console.log('held');
  process.stdin.resume();`;

async function holderOf(path: string): Promise<Child> {
  const child = new Child(holding(path));
  expect(await child.line()).toBe('held');
  return child;
}

const refusal = (path: string): Promise<unknown> =>
  lockFile(path).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a lock', () => {
  it('should be refused while its holder lives, which is named, and be free at once when that is killed', async () => {
    const path = join(temporaryDirectory(), 'journal.lock');
    const holder = await holderOf(path);
    const error = await refusal(path);
    expect(error).toBeInstanceOf(JournalLockedError);
    expect(error).toMatchObject({ code: 'SLUICE_JOURNAL_LOCKED', pid: holder.pid, path });
    expect((error as JournalLockedError).message).toContain(`process ${holder.pid} (${path})`);
    await holder.kill();
    const unlock = await lockFile(path);
    await unlock();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it('should be kept by a holder that is stopped, as a machine that sleeps keeps it', async () => {
    const path = join(temporaryDirectory(), 'journal.lock');
    const holder = await holderOf(path);
    holder.signal('SIGSTOP');
    expect(await refusal(path)).toMatchObject({ pid: holder.pid });
    holder.signal('SIGCONT');
    await holder.kill();
  });

  it('should not be kept by one that was killed and is not yet reaped', async ({ skip }) => {
    if (process.platform !== 'linux') skip('needs /proc');
    const path = join(temporaryDirectory(), 'journal.lock');
    // A parent that never asks what became of its child.
    const parent = new Child(`
      import { spawn } from 'node:child_process';
      const args = ['-c', '"$0" --input-type=module --eval "$1" & echo $! $$; exec sleep 1000'];
      spawn('sh', [...args, process.execPath, ${JSON.stringify(holding(path))}], { stdio: ['inherit', 'inherit', 'inherit'] });`);
    const [pid = 0, shell = 0] = ((await parent.line()) ?? '').split(' ').map(Number);
    onTestFinished(() => void process.kill(shell, 'SIGKILL'));
    expect(await parent.line()).toBe('held');
    process.kill(pid, 'SIGKILL');
    while (!readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')) await new Promise(setImmediate);
    await (
      await lockFile(path)
    )();
  });

  it('should always go to exactly one of many processes that find its holder dead', async () => {
    const rounds = 150;
    const directory = temporaryDirectory();
    const pathOf = (round: number): string => join(directory, `${round}.lock`);
    const dead = await holderOf(pathOf(0));
    await dead.kill();
    const left = readFileSync(pathOf(0), 'utf8');
    for (let round = 1; round < rounds; round += 1) writeFileSync(pathOf(round), left);

    const racers = Array.from(
      { length: 6 },
      () =>
        new Child(`
      import { createInterface } from 'node:readline';
      import { lockFile } from '${compiled}/journal/lock.js';
      for await (const path of createInterface(process.stdin)) {
        console.log(await lockFile(path).then(() => 'won', (error) => error.code + ' ' + error.pid));
      }`),
    );
    for (let round = 0; round < rounds; round += 1) {
      racers.forEach((racer) => racer.say(pathOf(round)));
      const said = await Promise.all(racers.map((racer) => racer.line()));
      const winners = racers.filter((_, index) => said[index] === 'won');
      expect(winners, said.join()).toHaveLength(1);
      expect(said.filter((line) => line?.startsWith('SLUICE_JOURNAL_LOCKED'))).toHaveLength(racers.length - 1);
      expect(readFileSync(pathOf(round), 'utf8')).toContain(`"pid":${winners[0]!.pid},`);
    }
  });
});

describe('a journal whose process is killed', () => {
  it('should always have all that was told of, and be open to the next at once', async () => {
    const directory = temporaryDirectory();
    const entries = Array.from({ length: 4_000 }, (_, number) => lifeOf(number)[0]!);
    let least = 0;
    for (const linesToLive of [1, 40, 3, 200]) {
      const child = new Child(`
        import { createInterface } from 'node:readline';
        import { fileJournal } from '${compiled}/journal/fileJournal.js';
        const [line] = await createInterface(process.stdin)[Symbol.asyncIterator]().next().then(({ value }) => [value]);
        const journal = fileJournal({ directory: ${JSON.stringify(directory)}, compactAtBytes: 4_000 });
        const { tasks } = await journal.open();
        let told = tasks.length;
        for (const entry of JSON.parse(line).slice(tasks.length)) journal.write(entry).then(() => console.log(++told));
        `);
      child.say(JSON.stringify(entries.slice(0, 400 + least)));
      let told = least;
      for (let line = 0; line < linesToLive; line += 1) told = Number((await child.line()) ?? told);
      await child.kill();
      for (let line = await child.line(); line !== undefined; line = await child.line()) told = Number(line);

      const journal = fileJournal({ directory });
      const history = await journal.open();
      await journal.close();
      expect(history.tasks.length).toBeGreaterThanOrEqual(told);
      expect(told).toBeGreaterThan(least);
      expect(history).toEqual(fold(history.runId, entries.slice(0, history.tasks.length)));
      least = history.tasks.length;
    }
  });
});
