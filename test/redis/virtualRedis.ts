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
  readonly #listeners = new Set<Listener>();
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
      if (this.drops) return;
      for (const each of this.#listeners) if (each.channels.includes(channel)) each.heard(message);
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

  /** Its data are lost. */
  async flush(): Promise<void> {
    await this.#redis.flushall();
  }

  /** For the next test: without data, and nobody of the last one hears of what is to come. */
  async reset(): Promise<void> {
    this.#listeners.clear();
    this.drops = false;
    await this.flush();
  }

  /** What was said while messages were lost was missed; from here on they are heard again. */
  reconnect(): void {
    this.drops = false;
    for (const each of this.#listeners) each.ready();
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
    const listener: Listener = { channels: [], heard: () => undefined, ready: () => undefined };
    return {
      on: (event: string, listen: (...said: string[]) => void) => {
        if (event === 'message') listener.heard = (message) => void wire.open().then(() => listen('', message));
        if (event !== 'ready') return;
        listener.ready = listen;
        queueMicrotask(listen);
      },
      status: 'ready',
      subscribe: async (...channels: string[]) => {
        listener.channels = channels;
        this.#listeners.add(listener);
        await this.#subscriber.subscribe(...channels);
      },
      disconnect: () => void this.#listeners.delete(listener),
    };
  }
}

/** What one process listens to. */
interface Listener {
  channels: readonly string[];
  heard: (message: string) => void;
  ready: () => void;
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
