import type { Clock } from '../clock.js';
import { isNodeRedis, type RedisClient } from './client.js';

/** What happens on a channel. */
export interface SubscriptionListener {
  /** A message has arrived. */
  message(text: string): void;
  /** It listens from here on, for the first time or again: what was said before may have been missed. */
  ready(): void;
  /** It listens no more: the client was closed, or it could not begin, and no client would try again by itself. */
  ended?(): void;
}

/** How soon it is tried again what has ended, in ms. */
const againMs = 1_000;

/** A subscription that is begun, and begun anew where it has ended, as `listen` is called: by whatever else happens. */
export class Subscription {
  readonly #subscribe: (ended: () => void) => () => void;
  readonly #clock: Clock;
  #stop: (() => void) | undefined = undefined;
  #isOver = false;
  #againAtMs = -Infinity;

  constructor(client: RedisClient, channel: string, clock: Clock, listener: Omit<SubscriptionListener, 'ended'>) {
    this.#subscribe = (ended) => subscribe(client, channel, { ...listener, ended });
    this.#clock = clock;
  }

  listen(): void {
    if (this.#isOver || this.#stop !== undefined || this.#clock.now() < this.#againAtMs) return;
    this.#stop = this.#subscribe(() => {
      this.#stop = undefined;
      this.#againAtMs = this.#clock.now() + againMs;
    });
  }

  /** For good. */
  stop(): void {
    this.#isOver = true;
    this.#stop?.();
  }
}

/** A client as both packages have it: it tells when it is closed for good; a cluster of node-redis by another name. */
interface Ending {
  once?(event: string, listener: () => void): unknown;
  off?(event: string, listener: () => void): unknown;
}

const endings = ['end', 'disconnect'];

/** The part of a node-redis client that a subscription uses; the cluster's keeps its own connection for it. */
interface NodeRedisSubscriber {
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  destroy(): void;
  unref?(): void;
}

interface IoRedisSubscriber {
  readonly status: string;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  on(event: string, listener: (...args: string[]) => void): unknown;
  disconnect(): void;
  readonly stream?: { unref?(): void };
}

/**
 * Listens to a channel on a connection of its own, made like `client`'s. It connects again by itself, as the client's
 * options say, and keeps no process alive.
 *
 * @returns what ends it
 */
export function subscribe(client: RedisClient, channel: string, listener: SubscriptionListener): () => void {
  const stop = isNodeRedis(client)
    ? subscribeNodeRedis(client.duplicate() as NodeRedisSubscriber, channel, listener, end)
    : subscribeIoRedis(client.duplicate(withoutResubscribing) as IoRedisSubscriber, channel, listener);
  const ending = client as Ending;
  let isOver = false;
  for (const event of endings) ending.once?.(event, end);
  return end;

  function end(): void {
    if (isOver) return;
    isOver = true;
    for (const event of endings) ending.off?.(event, end);
    stop();
    listener.ended?.();
  }
}

function subscribeNodeRedis(
  subscriber: NodeRedisSubscriber,
  channel: string,
  listener: SubscriptionListener,
  end: () => void,
): () => void {
  let hasSubscribed = false;
  let isSubscribing = false;
  let saysReady = false;
  // node-redis subscribes again what it was once subscribed to. Where the connection is lost before, it forgets that.
  const listen = async (): Promise<void> => {
    if (isSubscribing) return;
    isSubscribing = true;
    try {
      if (!hasSubscribed) await subscriber.subscribe(channel, (message) => listener.message(message));
      hasSubscribed = true;
      listener.ready();
    } catch {
      // It is tried again once it is connected again; a cluster does not say so.
      if (!saysReady) end();
    }
    isSubscribing = false;
  };
  // The same trouble is told by the client that decides; here it only must not end the process.
  subscriber.on('error', () => undefined);
  subscriber.on('ready', () => {
    saysReady = true;
    subscriber.unref?.();
    void listen();
  });
  subscriber.connect().then(listen, end);
  return () => destroy(subscriber);
}

function destroy(subscriber: NodeRedisSubscriber): void {
  try {
    subscriber.destroy();
  } catch {
    // It was closed already.
  }
}

/**
 * We subscribe again ourselves: where the connection is lost just then, ioredis has a rejection of its own that nobody
 * handles, which ends the process. Its `Cluster` has not, and knows no options in this place.
 */
const withoutResubscribing = { autoResubscribe: false };

function subscribeIoRedis(subscriber: IoRedisSubscriber, channel: string, listener: SubscriptionListener): () => void {
  subscriber.on('error', () => undefined);
  subscriber.on('ready', () => {
    subscriber.stream?.unref?.();
    subscriber
      .subscribe(channel)
      .then(() => listener.ready())
      .catch(() => undefined);
  });
  if (subscriber.status === 'wait') subscriber.connect().catch(() => undefined);
  subscriber.on('message', (_channel, message = '') => listener.message(message));
  return () => subscriber.disconnect();
}
