import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PollPlan } from '../../src/tasks/pollPlan.js';
import { runs } from '../runs.js';

/** A task's life, in intervals: when it starts after the one before, and how long it takes. */
interface Job {
  readonly gap: number;
  readonly lasts: number;
  /** What befalls it, at that age: a hint, or nobody wants to know any more. */
  readonly event?: { readonly what: 'hint' | 'forgotten'; readonly age: number } | undefined;
}

/** How a poll fares, in intervals; polls are dealt these in turn. */
interface Fate {
  /** From when it is due to when it leaves: it waits for its permit. */
  readonly permit: number;
  readonly flight: number;
  readonly fails: boolean;
}

interface Poll {
  readonly ids: readonly string[];
  readonly leftAtMs: number;
  landedAtMs: number | undefined;
}

interface World {
  readonly intervalMs: number;
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
  readonly batch: number;
  readonly jobs: readonly Job[];
  readonly fates: readonly Fate[];
  readonly isDurationTold: boolean;
}

const share = fc.oneof(fc.constantFrom(0, 0.1, 0.25, 1, 4), fc.double({ min: 0, max: 5, noNaN: true }));
const job = fc.record<Job>({
  gap: fc.oneof(fc.constant(0), share),
  lasts: fc.oneof(share, fc.double({ min: 5.7, max: 6.3, noNaN: true }), fc.constantFrom(0, 6, 30)),
  event: fc.option(fc.record({ what: fc.constantFrom('hint' as const, 'forgotten' as const), age: share }), {
    nil: undefined,
    freq: 4,
  }),
});
const permit = fc.oneof(fc.constant(0), share);

function worldOf(permits: fc.Arbitrary<number>): fc.Arbitrary<World> {
  return fc
    .record({
      intervalMs: fc.constantFrom(10_000, 1, 0.1, 7.3),
      least: fc.constantFrom(0.25, 1, 0.01),
      most: fc.constantFrom(4, 1, 30),
      batch: fc.constantFrom(1, 2, 5, 20),
      jobs: fc.array(job, { minLength: 1, maxLength: 40 }),
      fates: fc.array(fc.record<Fate>({ permit: permits, flight: permit, fails: fc.boolean() }), { minLength: 1 }),
      isDurationTold: fc.boolean(),
    })
    .map(({ least, most, ...world }) => ({
      ...world,
      minIntervalMs: world.intervalMs * least,
      maxIntervalMs: world.intervalMs * most,
      // One poll in two brings something at least.
      fates: [...world.fates, { permit: 0, flight: 0.03, fails: false }],
    }));
}

/** What is known of a running task from outside of the plan. */
interface Seen {
  readonly endsAtMs: number;
  readonly lastsMs: number;
  /** Its start or last answer. */
  heardAtMs: number;
  isAway: boolean;
}

/** Lives through it all, in virtual time, and says no to whatever no plan may do. */
function live(world: World, checkNext: (nextAtMs: number, idle: readonly Seen[]) => void = () => undefined): Poll[] {
  const { intervalMs, jobs, fates, isDurationTold } = world;
  const plan = new PollPlan(world);
  const running = new Map<string, Seen>();
  const polls: Poll[] = [];
  const agenda: { readonly atMs: number; readonly run: () => void }[] = [];
  let nowMs = 0;
  let askedFor: number | undefined;

  const at = (atMs: number, run: () => void): void => void agenda.push({ atMs, run });
  const idle = (): readonly Seen[] => [...running.values()].filter(({ isAway }) => !isAway);

  function start(id: string, { lasts, event }: Job): void {
    const lastsMs = lasts * intervalMs;
    running.set(id, { endsAtMs: nowMs + lastsMs, lastsMs, heardAtMs: nowMs, isAway: false });
    plan.started(id, nowMs);
    if (event?.what === 'hint') at(nowMs + event.age * intervalMs, () => plan.hint(id, nowMs));
    if (event?.what === 'forgotten') at(nowMs + event.age * intervalMs, () => forget(id));
  }

  function forget(id: string): void {
    running.delete(id);
    plan.forgotten(id);
  }

  function depart({ flight, fails }: Fate): void {
    askedFor = undefined;
    const isDue = plan.nextAtMs(nowMs) <= nowMs;
    const ids = plan.take(nowMs);
    expect(ids.length > 0).toBe(isDue);
    if (ids.length === 0) return;
    expect(ids.length).toBeLessThanOrEqual(world.batch);
    expect(new Set(ids).size).toBe(ids.length);
    // Whoever is asked for runs, as far as we know, and is in no other poll.
    expect(ids.filter((id) => running.get(id)?.isAway !== false)).toEqual([]);
    // There is at least one whose time it is.
    expect(ids.some((id) => running.get(id)!.heardAtMs + world.minIntervalMs <= nowMs)).toBe(true);
    const poll: Poll = { ids, leftAtMs: nowMs, landedAtMs: undefined };
    polls.push(poll);
    const gone = ids.map((id) => running.get(id)!);
    for (const task of gone) task.isAway = true;
    at(nowMs + flight * intervalMs, () => {
      poll.landedAtMs = nowMs;
      ids.forEach((id, index) => {
        if (running.get(id) === gone[index]) land(id, gone[index]!, fails, poll.leftAtMs);
      });
    });
  }

  function land(id: string, task: Seen, fails: boolean, lookedAtMs: number): void {
    task.heardAtMs = nowMs;
    task.isAway = false;
    if (fails || lookedAtMs < task.endsAtMs) {
      plan.answered(id, nowMs, fails ? 'failed-poll' : 'running');
      return;
    }
    running.delete(id);
    plan.ended(id, nowMs, isDurationTold ? task.lastsMs : undefined);
  }

  let startsAtMs = 0;
  jobs.forEach((each, index) => {
    startsAtMs += each.gap * intervalMs;
    at(startsAtMs, () => start(`task-${index}`, each));
  });
  for (let turn = 0; ; turn++) {
    if (turn > 50_000) throw new Error('it spins');
    const nextAtMs = plan.nextAtMs(nowMs);
    checkNext(nextAtMs, idle());
    if (askedFor === undefined && nextAtMs < Infinity) {
      const fate = fates[polls.length % fates.length]!;
      askedFor = Math.max(nowMs, nextAtMs);
      if (askedFor <= nowMs || fate.permit > 0) {
        at(askedFor + fate.permit * intervalMs, () => depart(fate));
      } else {
        // It waits for the time; what happens before may change it.
        askedFor = undefined;
      }
    }
    const next = agenda.reduce((first, each) => (each.atMs < first.atMs ? each : first), {
      atMs: askedFor === undefined ? nextAtMs : Infinity,
      run: (): void => undefined,
    });
    if (next.atMs === Infinity) break;
    nowMs = Math.max(nowMs, next.atMs);
    const place = agenda.indexOf(next);
    if (place >= 0) agenda.splice(place, 1);
    next.run();
  }
  expect(running.size).toBe(0);
  return polls;
}

describe('a poll plan', () => {
  it('should never ask twice at a time, for who has ended or is forgotten, too soon, or for nobody when it is due; and always see all ends', () => {
    fc.assert(
      fc.property(worldOf(permit), (world) => {
        live(world);
      }),
      runs(60),
    );
  });

  it('should never be due before the least interval of all who could be asked for, nor after the greatest of any', () => {
    fc.assert(
      fc.property(worldOf(permit), (world) => {
        live(world, (nextAtMs, idle) => {
          const heardAtMs = Math.min(...idle.map((task) => task.heardAtMs));
          const isWithin = nextAtMs >= heardAtMs + world.minIntervalMs && nextAtMs <= heardAtMs + world.maxIntervalMs;
          if (!isWithin) throw new Error(`due at ${nextAtMs}, where the first was heard of at ${heardAtMs}`);
        });
      }),
      runs(60),
    );
  });

  it('should always ask for each task within the greatest interval of its start or last answer, where polls leave when they are due', () => {
    fc.assert(
      fc.property(worldOf(fc.constant(0)), (world) => {
        const polls = live({ ...world, jobs: world.jobs.map(({ gap, lasts }) => ({ gap, lasts })) });
        const heardAtMs = new Map<string, number>();
        let startsAtMs = 0;
        world.jobs.forEach(({ gap }, index) => {
          startsAtMs += gap * world.intervalMs;
          heardAtMs.set(`task-${index}`, startsAtMs);
        });
        for (const { ids, leftAtMs, landedAtMs } of polls) {
          for (const id of ids) {
            expect(leftAtMs).toBeLessThanOrEqual(heardAtMs.get(id)! + world.maxIntervalMs);
            heardAtMs.set(id, landedAtMs!);
          }
        }
      }),
      runs(60),
    );
  });
});
