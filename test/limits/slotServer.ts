import type { Limit } from '../../src/limits/limit.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';

/** A server with a hidden number of slots, and clients that never run out of work, in virtual time. */
export interface SlotServerOptions {
  /** One for each client. */
  readonly limits: readonly Limit[];
  /** How many slots there are at an instant; what runs goes on when they become fewer. */
  readonly slotsAt: (nowMs: number) => number;
  /** How long a task takes, in ms. */
  readonly taskMs: () => number;
  /** From sending to the answer, in ms; the server decides half way. */
  readonly latencyMs: number;
  readonly untilMs: number;
  /** How long a client keeps the permit of what was refused, by the number of refusals in a row. @defaultValue not at all */
  readonly backoffMs?: (refusalsInARow: number) => number;
  /**
   * True where what was refused keeps its permit and tries again after `backoffMs`, and the limit is told when it has its
   * slot; 'silently' where the limit is not told before the release. @defaultValue false: it is released as refused
   */
  readonly keepsPlace?: boolean | 'silently';
  /** Called at each event, with what each client has waiting in its place. */
  readonly observe?: (nowMs: number, running: number, waiting: readonly number[]) => void;
}

export interface SlotServerBooks {
  readonly accepted: number;
  readonly refused: number;
  /** What ran, as a share of what the slots could have run. */
  readonly utilisation: number;
  /** What each client ran on average. */
  readonly shares: readonly number[];
}

/** Renders as they are: 24 to 83 s; answers within 3 s. */
export function rendersOf(seed: number): Pick<SlotServerOptions, 'taskMs' | 'latencyMs'> {
  const random = seededRandom(seed);
  return { latencyMs: 100 + 2_900 * random(), taskMs: () => 24_000 + 59_000 * random() };
}

interface Client {
  readonly limit: Limit;
  wakeAtMs: number;
  running: number;
  waiting: number;
  refusalsInARow: number;
  usedMs: number;
}

export function runSlotServer(options: SlotServerOptions): SlotServerBooks {
  const { limits, slotsAt, taskMs, latencyMs, untilMs, backoffMs = () => 0, observe, keepsPlace = false } = options;
  const idle = { wakeAtMs: NaN, running: 0, waiting: 0, refusalsInARow: 0, usedMs: 0 };
  const clients = limits.map<Client>((limit) => ({ limit, ...idle }));
  const events: { readonly atMs: number; readonly run: () => void }[] = [];
  let nowMs = 0;
  let accepted = 0;
  let refused = 0;
  let offeredMs = 0;

  const running = (): number => clients.reduce((sum, client) => sum + client.running, 0);

  function at(atMs: number, run: () => void): void {
    const later = events.findLastIndex((event) => event.atMs > atMs);
    events.splice(later + 1, 0, { atMs, run });
  }

  function admit(client: Client): void {
    let atMs = client.limit.earliest(1, nowMs);
    for (; atMs <= nowMs; atMs = client.limit.earliest(1, nowMs)) {
      client.limit.take(1, nowMs);
      const takenAtMs = nowMs;
      at(nowMs + latencyMs / 2, () => decide(client, takenAtMs));
    }
    if (atMs === Infinity || client.wakeAtMs === atMs) return;
    client.wakeAtMs = atMs;
    at(atMs, () => admit(client));
  }

  /** The work keeps its place: the answer reaches the client, which tells its limit, and tries again later. */
  function wait(client: Client, takenAtMs: number, refusals: number): void {
    at(nowMs + latencyMs / 2, () => {
      if (refusals === 1) client.waiting++;
      client.limit.refused?.(1, takenAtMs, nowMs);
      at(nowMs + backoffMs(refusals - 1) + latencyMs / 2, () => decide(client, takenAtMs, refusals));
    });
  }

  function stopWaiting(client: Client, takenAtMs: number): void {
    at(nowMs + latencyMs / 2, () => {
      client.waiting--;
      if (keepsPlace !== true) return;
      client.limit.granted?.(1, takenAtMs, nowMs);
      admit(client);
    });
  }

  function decide(client: Client, takenAtMs: number, refusals = 0): void {
    if (running() < slotsAt(nowMs)) {
      if (refusals > 0) stopWaiting(client, takenAtMs);
      accepted++;
      client.running++;
      client.refusalsInARow = 0;
      at(nowMs + taskMs(), () => {
        client.running--;
        client.limit.release(1, takenAtMs, nowMs, 'succeeded');
        admit(client);
      });
      return;
    }
    refused++;
    if (keepsPlace !== false) {
      wait(client, takenAtMs, refusals + 1);
      return;
    }
    at(nowMs + latencyMs / 2 + backoffMs(client.refusalsInARow++), () => {
      client.limit.release(1, takenAtMs, nowMs, 'no-slot');
      admit(client);
    });
  }

  for (const client of clients) admit(client);
  for (let next = events.pop(); next !== undefined && next.atMs <= untilMs; next = events.pop()) {
    const spanMs = next.atMs - nowMs;
    offeredMs += Math.max(slotsAt(nowMs), running()) * spanMs;
    for (const client of clients) client.usedMs += client.running * spanMs;
    nowMs = next.atMs;
    next.run();
    observe?.(
      nowMs,
      running(),
      clients.map(({ waiting }) => waiting),
    );
  }
  const usedMs = clients.reduce((sum, client) => sum + client.usedMs, 0);
  const shares = clients.map((client) => client.usedMs / nowMs);
  return { accepted, refused, utilisation: usedMs / offeredMs, shares };
}
