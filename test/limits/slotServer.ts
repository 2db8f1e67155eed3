import type { Limit } from '../../src/limits/limit.js';

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
  /** Called at each event. */
  readonly observe?: (nowMs: number, running: number) => void;
}

export interface SlotServerBooks {
  readonly accepted: number;
  readonly refused: number;
  /** What ran, as a share of what the slots could have run. */
  readonly utilisation: number;
  /** What each client ran on average. */
  readonly shares: readonly number[];
}

interface Client {
  readonly limit: Limit;
  wakeAtMs: number;
  running: number;
  refusalsInARow: number;
  usedMs: number;
}

export function runSlotServer(options: SlotServerOptions): SlotServerBooks {
  const { limits, slotsAt, taskMs, latencyMs, untilMs, backoffMs = () => 0, observe } = options;
  const clients = limits.map<Client>((limit) => ({ limit, wakeAtMs: NaN, running: 0, refusalsInARow: 0, usedMs: 0 }));
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

  function decide(client: Client, takenAtMs: number): void {
    if (running() < slotsAt(nowMs)) {
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
    observe?.(nowMs, running());
  }
  const usedMs = clients.reduce((sum, client) => sum + client.usedMs, 0);
  const shares = clients.map((client) => client.usedMs / nowMs);
  return { accepted, refused, utilisation: usedMs / offeredMs, shares };
}
