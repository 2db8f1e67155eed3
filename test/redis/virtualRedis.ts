import { Redis } from 'ioredis';
import { setImmediate as turn } from 'node:timers/promises';
import type { IoRedisClient } from '../../src/redis/client.js';
import type { VirtualClock } from '../virtualClock.js';
import { RedisServer } from './redisServer.js';

/** A client whose way to Redis can be cut. */
export interface ProcessClient extends IoRedisClient {
  cut(): void;
  mend(): void;
}

/**
 * A real Redis that goes by a virtual clock: the script is told the time. Whoever lets time pass waits in between until
 * all that was asked has been answered, and all that was published has arrived.
 */
export class VirtualRedis {
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #listeners = new Map<string, (message: string) => void>();
  #open = 0;
  calls = 0;
  /** Messages are lost. */
  drops = false;

  readonly #server: RedisServer;

  private constructor(server: RedisServer) {
    this.#server = server;
    this.#redis = new Redis(server.port);
    this.#subscriber = new Redis(server.port);
    this.#subscriber.on('message', (channel, message) => {
      if (!this.drops) this.#listeners.get(channel)?.(message);
    });
  }

  static async start(): Promise<VirtualRedis> {
    return new VirtualRedis(await RedisServer.start());
  }

  /**
   * A process' client.
   *
   * @param said what its requests are to say instead
   */
  client(clock: VirtualClock, said: object = {}): ProcessClient {
    const wire = new Wire();
    const ask = async (run: () => Promise<unknown>): Promise<unknown> => {
      await wire.open();
      this.#open++;
      this.calls++;
      try {
        return await run();
      } finally {
        this.#open--;
      }
    };
    const timed = ([keys, request]: string[]): [string, string] => [keys!, withTime(request!, clock, said)];
    return {
      status: 'ready',
      evalsha: (sha, count, ...rest) => ask(() => this.#redis.evalsha(sha, count, ...timed(rest))),
      eval: (script, count, ...rest) => ask(() => this.#redis.eval(script, count, ...timed(rest))),
      duplicate: () => this.#subscription(wire),
      cut: () => wire.cut(),
      mend: () => wire.mend(),
    };
  }

  /** Lets time pass, from timer to timer. */
  async advance(clock: VirtualClock, byMs: number): Promise<void> {
    const untilMs = clock.elapsedMs + byMs;
    await this.quiet();
    while (clock.elapsedMs + clock.untilNextMs <= untilMs) {
      clock.advance(clock.untilNextMs);
      await this.quiet();
    }
    clock.advance(untilMs - clock.elapsedMs);
    await this.quiet();
  }

  /** Resolves as soon as nothing is under way. */
  async quiet(): Promise<void> {
    for (;;) {
      await turn();
      const { calls } = this;
      while (this.#open > 0) await turn();
      if (this.#listeners.size > 0) await this.#subscriber.ping();
      await turn();
      if (calls === this.calls && this.#open === 0) return;
    }
  }

  async flush(): Promise<void> {
    await this.#redis.flushall();
  }

  /** What it says to a command. */
  send(command: string, ...args: string[]): Promise<unknown> {
    return this.#redis.call(command, ...args);
  }

  async keys(): Promise<string[]> {
    return this.#redis.keys('*');
  }

  async close(): Promise<void> {
    await Promise.all([this.#redis.quit(), this.#subscriber.quit()]);
    await this.#server.stop();
  }

  #subscription(wire: Wire): object {
    let channel = '';
    let heard: (channel: string, message: string) => void = () => undefined;
    return {
      on: (event: string, listener: typeof heard) => {
        if (event === 'message') heard = listener;
        if (event === 'ready') queueMicrotask(listener as () => void);
      },
      status: 'ready',
      subscribe: async (name: string) => {
        channel = name;
        this.#listeners.set(name, (message) => void wire.open().then(() => heard(name, message)));
        await this.#subscriber.subscribe(name);
      },
      disconnect: () => {
        this.#listeners.delete(channel);
        this.#subscriber.unsubscribe(channel).catch(() => undefined);
      },
    };
  }
}

/** What a process asks and hears through; while it is cut, nothing passes. */
class Wire {
  #mended: Promise<void> = Promise.resolve();
  #mend: () => void = () => undefined;

  open(): Promise<void> {
    return this.#mended;
  }

  cut(): void {
    this.#mended = new Promise((resolve) => (this.#mend = resolve));
  }

  mend(): void {
    this.#mend();
  }
}

function withTime(request: string, clock: VirtualClock, said: object): string {
  const time = { nowUs: Math.floor(clock.elapsedMs * 1_000) + 1, wallMs: clock.epochNow() };
  return JSON.stringify({ ...JSON.parse(request), ...time, ...said });
}
