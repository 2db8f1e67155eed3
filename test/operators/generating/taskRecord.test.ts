import { describe, expect, it } from 'vitest';
import { Account } from '../../../operators/generating/account.js';
import { parseGenerateOptions } from '../../../operators/generating/generateOptions.js';
import { TaskRecord, type OurClaim } from '../../../operators/generating/taskRecord.js';
import { ClaimLostError } from '../../../src/journal/claimLostError.js';
import type { Claims, Journal, JournalEntry } from '../../../src/journal/journal.js';
import { createLimiter } from '../../../src/limiter/createLimiter.js';
import { dailyQuota } from '../../../src/limits/dailyQuota.js';
import type { Task } from '../../../src/tasks/task.js';
import { FakeServer, type Order } from '../fakeServer.js';
import { VirtualClock } from '../virtualClock.js';

/** An account of 100 credits, whose run is shared with others, at noon. */
function shared() {
  const clock = new VirtualClock();
  const written: JournalEntry[] = [];
  const claims: Claims = {
    taskOf: () => undefined,
    claim: () => Promise.reject(new Error('nobody asks')),
    on: () => () => undefined,
  };
  const journal: Journal = {
    claims,
    open: () => Promise.reject(new Error('it is open')),
    write: (entry) => Promise.resolve(void written.push(entry)),
    digest: (text) => text,
    close: () => Promise.resolve(),
  };
  const limits = [dailyQuota({ limit: 100, timeZone: 'UTC', name: 'credits' })];
  const slots = createLimiter({ limits, clock });
  const api = new FakeServer({ clock });
  const options = parseGenerateOptions({ slots, journal, runCredits: 100, rate: 'off' });
  const account = new Account<Order>(api, options, clock, { runId: 'run', tasks: [], replaced: [] });
  const left = () => [account.credits.leftOfRun, account.credits.mayGetMore, slots.snapshot().limits[0]?.used];
  return { account, clock, slots, claims, written, left };
}

type Shared = ReturnType<typeof shared>;

const identity = {
  id: 'id-a',
  key: 'a',
  round: 0,
  input: 'a',
  tasks: 1,
  credits: 10,
  owner: undefined,
  priority: 0,
} as const;

function newRecord({ account }: Shared): TaskRecord<string> {
  return new TaskRecord<string>(account, identity, 0);
}

/** The record of a task that another worker, or an earlier run, has sent, or may have. */
function pastRecord({ account, clock }: Shared, phase: 'running' | 'unknown'): TaskRecord<string> {
  const remote = { ref: { product: 'video', id: 't-1' }, status: 'running', outputs: [] } as const;
  const task: Task = phase === 'running' ? { phase, sends: 1, remote } : { phase, sends: 1 };
  const past = { task, intendedAtMs: clock.epochNow(), arrivesAtMs: 0 };
  return new TaskRecord<string>(account, identity, 0, past);
}

function claim(confirm: () => Promise<void> = () => Promise.resolve()): OurClaim {
  const lost = new AbortController().signal;
  return { isOurs: true, task: undefined, lost, confirm, release: () => undefined };
}

describe('the record of a task, where workers share a run', () => {
  it('counts a task of another as ours once we have claimed it, and the day leaves that to the limiter', () => {
    const there = shared();
    const task = { ...identity, index: 0, prompt: 'a', intendedAtMs: 0, phase: 'running' } as const;
    there.account.credits.heard(task);
    expect(there.left()).toEqual([90, true, 0]);
    const record = pastRecord(there, 'running');
    expect(record.hasReservation).toBe(false);
    record.claimed(claim());
    expect(record.hasReservation).toBe(true);
    expect(there.left()).toEqual([90, true, 0]);
    record.dropped();
    expect(record.hasReservation).toBe(false);
    expect(there.left()).toEqual([100, false, 0]);
    record.dropped();
    expect(there.left()).toEqual([100, false, 0]);
  });

  it('counts it once, however often it is claimed', () => {
    const there = shared();
    const record = pastRecord(there, 'unknown');
    record.claimed(claim());
    record.claimed(claim());
    expect(there.left()).toEqual([90, true, 0]);
  });

  it('sets nothing aside for a new one that is claimed, but as it is sent', () => {
    const there = shared();
    const record = newRecord(there);
    record.claimed(claim());
    expect([record.hasReservation, record.reserve()]).toEqual([false, true]);
    expect(there.left()).toEqual([100, false, 0]);
    record.admitted();
    expect(record.reserve()).toBe(true);
    expect(there.left()).toEqual([90, true, 0]);
  });

  it('gives the credits of the day back for one that was dropped before it was written down', async () => {
    const there = shared();
    const record = newRecord(there);
    await there.slots.run(() => undefined, { cost: record.cost });
    record.admitted();
    expect(there.left()).toEqual([100, false, 10]);
    record.dropped();
    expect(there.left()).toEqual([100, false, 0]);
  });

  it('leaves them to the day for one that is dropped later, since another goes on with it', async () => {
    const there = shared();
    const record = newRecord(there);
    await there.slots.run(() => undefined, { cost: record.cost });
    record.admitted();
    record.reserve();
    await record.intend();
    record.dropped();
    expect(there.left()).toEqual([100, false, 10]);
  });

  it('asks whoever gave the claim whether it is still ours, and hears of it where it is not', async () => {
    const there = shared();
    const record = newRecord(there);
    expect(record.confirm()).toBeUndefined();
    record.claimed(claim());
    await expect(record.confirm()).resolves.toBeUndefined();
    record.claimed(claim(() => Promise.reject(new ClaimLostError('a'))));
    await expect(record.confirm()).rejects.toBeInstanceOf(ClaimLostError);
    expect(there.account.journalError).toBeUndefined();
    expect(there.account.stopping.signal.aborted).toBe(false);
    const broken = new Error('broken');
    record.claimed(claim(() => Promise.reject(broken)));
    await expect(record.confirm()).rejects.toBe(broken);
    expect(there.account.journalError).toEqual({ cause: broken });
    expect(there.account.stopping.signal.reason).toBe(broken);
  });

  it('writes once that nothing was sent, and only where it had written that something would be', async () => {
    const there = shared();
    const record = newRecord(there);
    record.unsent();
    await record.intend();
    record.unsent();
    record.unsent();
    const seen = newRecord(there);
    await seen.intend();
    seen.seen({ ref: { product: 'video', id: 't-1' }, status: 'running', outputs: [] });
    seen.unsent();
    expect(there.written.map(({ type }) => type)).toEqual(['intent', 'unsent', 'intent', 'accepted']);
  });
});

it('an account says who makes which prompt, where its journal does', () => {
  const { account, claims } = shared();
  expect(account.shared?.claims).toBe(claims);
});
