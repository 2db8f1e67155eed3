import { describe, expect, it } from 'vitest';
import { GroupCommit } from '../../src/journal/groupCommit.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { lifeOf } from './entries.js';
import { journalOn } from './journals.js';
import { SimulatedDisk, type DiskOperation } from './simulatedDisk.js';

/** A trip to the disk that ends when it is told to. */
class Trips {
  readonly groups: (readonly string[])[] = [];
  end: (error?: Error) => void = () => undefined;

  readonly commit = (bodies: readonly string[]): Promise<void> => {
    this.groups.push(bodies);
    return new Promise((resolve, reject) => {
      this.end = (error) => (error === undefined ? resolve() : reject(error));
    });
  };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

describe('GroupCommit', () => {
  it('should take all who come in one turn along, and then all who came meanwhile', async () => {
    const trips = new Trips();
    const commits = new GroupCommit(trips.commit);
    const done: string[] = [];
    const add = (body: string): void => void commits.add(body).then(() => done.push(body));
    ['a', 'b', 'c'].forEach(add);
    await settled();
    ['d', 'e'].forEach(add);
    await settled();
    expect(trips.groups).toEqual([['a', 'b', 'c']]);
    expect(done).toEqual([]);
    trips.end();
    await settled();
    expect(trips.groups).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
    expect(done).toEqual(['a', 'b', 'c']);
    trips.end();
    await commits.drained();
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('should begin again after a rest', async () => {
    const trips = new Trips();
    const commits = new GroupCommit(trips.commit);
    for (const body of ['a', 'b']) {
      const done = commits.add(body);
      await settled();
      trips.end();
      await done;
      await commits.drained();
    }
    expect(trips.groups).toEqual([['a'], ['b']]);
  });

  it('should give everybody the first error, whoever waits and whoever comes, and write nothing more', async () => {
    const trips = new Trips();
    const commits = new GroupCommit(trips.commit);
    const error = new Error('first');
    const under = commits.add('a').catch((thrown: unknown) => thrown);
    await settled();
    const waiting = commits.add('b').catch((thrown: unknown) => thrown);
    trips.end(error);
    expect([await under, await waiting]).toEqual([error, error]);
    await expect(commits.add('c')).rejects.toBe(error);
    expect(commits.fail(new Error('second'))).toBe(error);
    await commits.drained();
    expect(trips.groups).toEqual([['a']]);
  });

  it('should write all who came before an entry that cannot be written', async () => {
    const trips = new Trips();
    const commits = new GroupCommit(trips.commit);
    const under = commits.add('a');
    await settled();
    const waiting = commits.add('b');
    const error = new Error('cannot be written');
    expect(commits.fail(error)).toBe(error);
    await expect(commits.add('c')).rejects.toBe(error);
    trips.end();
    await under;
    await settled();
    trips.end();
    await waiting;
    expect(trips.groups).toEqual([['a'], ['b']]);
  });
});

describe('a journal with many writers', () => {
  async function syncsOf(writers: number, entriesEach: number): Promise<number> {
    const operations: DiskOperation[] = [];
    const fault = (operation: DiskOperation): undefined => void operations.push(operation);
    const journal = journalOn(new SimulatedDisk({ random: seededRandom(1), fault }).boot());
    await journal.open();
    operations.length = 0;
    const writing = Array.from({ length: writers }, async (_, number) => {
      for (let round = 0; round < entriesEach; round += 1) await journal.write(lifeOf(number)[0]!);
    });
    await Promise.all(writing);
    return operations.filter(({ kind }) => kind === 'sync').length;
  }

  it('should need a sync for each entry where one writes, and as few where a thousand do', async () => {
    expect(await syncsOf(1, 5)).toBe(5);
    expect(await syncsOf(1_000, 5)).toBe(5);
  });
});
