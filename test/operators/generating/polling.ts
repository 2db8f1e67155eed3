import { Poller } from '../../../operators/generating/poller.js';
import type { Polled } from '../../../operators/generating/pollRound.js';
import { createLimiter } from '../../../src/limiter/createLimiter.js';
import type { Limiter } from '../../../src/limiter/limiter.js';
import type { PollAnswer, RemoteTask, TaskUpdate } from '../../../src/tasks/taskApi.js';
import { record, type Recording } from '../recording.js';
import { refusalOf } from '../refused.js';
import { VirtualClock } from '../virtualClock.js';

/** A poll, as it left. */
export interface Asked {
  /** Whom it asked for, one letter each. */
  readonly ids: string;
  readonly atMs: number;
  readonly signal: AbortSignal;
}

export interface PollingOptions {
  /** What is answered about a task; what it throws refuses the whole poll. @defaultValue that it runs */
  readonly about?: (id: string, asked: Asked) => PollAnswer | undefined;
  /** What it throws is thrown by the very call. */
  readonly leaves?: () => void;
  /** What the API answers in the place of all that, whatever its type should be. */
  readonly answers?: (asked: Asked) => unknown;
  /** How long an answer takes. @defaultValue 0 */
  readonly latencyMs?: number | ((asked: Asked) => number);
  readonly pollBatch?: number;
  readonly pollIntervalMs?: number;
  readonly clock?: VirtualClock;
  readonly requests?: Limiter;
}

/** Tasks whose polls the test answers: every 100 ms, of up to 20 at a time, unless it is told otherwise. */
export class Polling {
  readonly clock: VirtualClock;
  readonly asked: Asked[] = [];
  readonly poller: Poller;

  constructor(options: PollingOptions = {}) {
    const { about = running, latencyMs = 0, pollBatch = 20, pollIntervalMs = 100 } = options;
    const clock = (this.clock = options.clock ?? new VirtualClock());
    const poll = async (asked: Asked): Promise<readonly PollAnswer[]> => {
      const takesMs = typeof latencyMs === 'number' ? latencyMs : latencyMs(asked);
      if (takesMs > 0) await new Promise<void>((resolve) => clock.schedule(takesMs, resolve));
      return Array.from(asked.ids).flatMap((id) => about(id, asked) ?? []);
    };
    this.poller = new Poller({
      api: {
        pollBatch,
        classify: refusalOf,
        poll: (refs, { signal } = {}) => {
          const asked = { ids: refs.map(({ id }) => id).join(''), atMs: clock.now(), signal: signal! };
          this.asked.push(asked);
          options.leaves?.();
          if (options.answers !== undefined) return options.answers(asked) as Promise<readonly PollAnswer[]>;
          return poll(asked);
        },
      },
      requests: options.requests ?? createLimiter({ limits: [], clock }),
      clock,
      pollIntervalMs,
      random: () => 0,
    });
  }

  /** The polls, as `100 ab`. */
  get log(): readonly string[] {
    return this.asked.map(({ ids, atMs }) => `${atMs} ${ids}`);
  }

  /** Follows a task of one letter, which the server has since now, or since `sinceMs`. */
  follow(id: string, sinceMs = this.clock.now(), product = 'video'): Recording<Polled> {
    const followed = this.poller.follow({ ref: { product, id }, externalId: `mine-${id}`, sinceMs });
    return record(followed, () => this.clock.now());
  }

  tell(task: RemoteTask, isVerified = true): void {
    this.poller.told({ task, isVerified } satisfies TaskUpdate);
  }
}

export function running(id: string): RemoteTask {
  return { ref: { product: 'video', id }, status: 'running', outputs: [] };
}

/** One that is over; `tookMs` by the server's own clock, where it says so. */
export function over(id: string, tookMs?: number): RemoteTask {
  const stamps = tookMs === undefined ? {} : { createdAtMs: 1e12, updatedAtMs: 1e12 + tookMs };
  return { ref: { product: 'video', id }, status: 'succeeded', outputs: [], ...stamps };
}
