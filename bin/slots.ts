import {
  adaptiveConcurrency,
  concurrency,
  createLimiter,
  dailyQuota,
  type Limit,
  type Limiter,
  type LimitUsage,
  SluiceError,
} from '../operators/index.js';
import { mostSlots } from '../operators/generating/account.js';
import type { Connection } from './connection.js';
import type { Figures } from './figures.js';
import { UsageError } from './usageError.js';

/** The task slots of an account, and its credits of the day. */
export interface Slots {
  readonly limiter: Limiter;
  /** How many slots there are; `asked`: as the account says; `learnt`: until refusals say otherwise. */
  readonly count: number;
  readonly source: 'given' | 'asked' | 'learnt';
}

/** The slots of an account by its figures; with `auto` the account is asked for their number. */
export async function openSlots(connection: Connection, figures: Figures): Promise<Slots> {
  const { isAuto, concurrent } = figures;
  if (!isAuto) return slotsOf(connection, figures, concurrency({ limit: concurrent, name: 'tasks' }), 'given');
  const told = await askFor(connection);
  const count = told ?? concurrent;
  const tasks = adaptiveConcurrency({ max: told ?? mostSlots, initial: count, name: 'tasks' });
  return slotsOf(connection, { ...figures, concurrent: count }, tasks, told === undefined ? 'learnt' : 'asked');
}

/** How many slots there are by now: where nobody says, it is what refusals have left. */
export function slotsNow({ limiter, count, source }: Slots): number {
  if (source !== 'learnt') return count;
  return limiter.snapshot().limits.find(({ name }) => name === 'tasks')?.capacity ?? count;
}

/** Tells of a quota of which much is used, with all that earlier runs have spent of it. */
export function onQuotaWarning({ limiter }: Slots, tell: (usage: LimitUsage) => void): () => void {
  return limiter.on((event) => {
    if (event.type !== 'warning' || event.usage.kind !== 'quota') return;
    const { usage } = event;
    // What earlier runs have spent is taken over one task after the other: only then is it all there.
    queueMicrotask(() => tell(limiter.snapshot().limits.find(({ name }) => name === usage.name) ?? usage));
  });
}

/** An account that does not say leaves it to refusals to tell. */
async function askFor({ client, requests }: Connection): Promise<number | undefined> {
  try {
    return await requests.run(() => client.concurrency());
  } catch {
    return undefined;
  }
}

async function slotsOf(
  { clock, stores }: Connection,
  figures: Figures,
  tasks: Limit,
  source: Slots['source'],
): Promise<Slots> {
  const { concurrent, dailyCredits, timeZone } = figures;
  const credits = dailyCredits === 'off' ? [] : [dailyQuota({ limit: dailyCredits, timeZone, name: 'credits' })];
  const limits = [tasks, ...credits];
  if (stores === undefined) return { limiter: createLimiter({ limits, clock }), count: concurrent, source };
  const limiter = createLimiter({ limits, clock, store: stores.open('slots') });
  await join(limiter);
  return { limiter, count: concurrent, source };
}

/** Learns from work that costs nothing whether the workers agree. @throws UsageError */
async function join(limiter: Limiter): Promise<void> {
  try {
    await limiter.run(() => undefined, { cost: 0 });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    throw new UsageError(
      'other workers on this account have other limits: give all the same --concurrent (a number, or auto) and ' +
        `--daily-credits (a number, or off); nothing was submitted (${error.message})`,
      { cause: error },
    );
  }
}
