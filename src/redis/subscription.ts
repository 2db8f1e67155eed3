import type { Clock } from '../clock.js';
import { hasEnded, isNodeRedis, type RedisClient } from './client.js';
import { isForbidden } from './failure.js';
import { Silence } from './silence.js';

/** What happens on some channels. */
export interface SubscriptionListener {
  /** A message has arrived. */
  message(text: string): void;
  /** It listens from here on, for the first time or again: what was said before may have been missed. */
  ready(): void;
  /** It listens no more: a client was closed, or does not connect again by itself, or it could not begin. */
  ended?(): void;
  /** The user of the client has no right to listen, which ends it. */
  forbidden?(error: Error): void;
}

/** How soon it is tried again what has ended, in ms. */
const againMs = 1_000;

/** A subscription that is begun, and begun anew where it has ended, as `listen` is called: by whatever else happens. */
export class Subscription {
  readonly #client: RedisClient;
  readonly #subscribe: (ended: () => void) => () => void;
  readonly #clock: Clock;
  #stop: (() => void) | undefined = undefined;
  #isOver = false;
  #againAtMs = -Infinity;

  constructor(
    client: RedisClient,
    channels: readonly string[],
    clock: Clock,
    listener: Omit<SubscriptionListener, 'ended' | 'forbidden'>,
  ) {
    this.#client = client;
    const silence = new Silence(`subscribe to ${channels.join(', ')}`);
    const forbidden = ({ message }: Error): void => silence.tell(message);
    this.#subscribe = (ended) => subscribe(client, channels, { ...listener, ended, forbidden });
    this.#clock = clock;
  }

  listen(): void {
    if (this.#isOver || this.#stop !== undefined || this.#clock.now() < this.#againAtMs) return;
    // What listens beside it would not hear of its end any more.
    if (hasEnded(this.#client)) return;
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
  on?(event: string, listener: () => void): unknown;
}

const endings = ['end', 'disconnect'];

/** What ends with a client: it has one listener of ours, however much that is. */
const endsOf = new WeakMap<RedisClient, Set<() => void>>();

/** @returns what takes it back */
function endWith(client: RedisClient, end: () => void): () => void {
  const ends = endsOf.get(client) ?? new Set();
  if (!endsOf.has(client)) {
    endsOf.set(client, ends);
    for (const event of endings) {
      (client as Ending).on?.(event, () => {
        for (const each of ends) each();
      });
    }
  }
  ends.add(end);
  return () => ends.delete(end);
}

/** The part of a node-redis client that a subscription uses; the cluster's keeps its own connection for it. */
interface NodeRedisSubscriber {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  subscribe(channels: readonly string[], listener: (message: string) => void): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  destroy(): void;
  unref?(): void;
}

interface IoRedisSubscriber {
  readonly status: string;
  connect(): Promise<unknown>;
  subscribe(...channels: string[]): Promise<unknown>;
  on(event: string, listener: (...args: string[]) => void): unknown;
  disconnect(): void;
  readonly stream?: { unref?(): void };
}

/**
 * Listens to some channels on a connection of its own, made like `client`'s. It connects again by itself, as the client's
 * options say, and keeps no process alive.
 *
 * @returns what ends it
 */
export function subscribe(
  client: RedisClient,
  channels: readonly string[],
  listener: SubscriptionListener,
): () => void {
  const stop = isNodeRedis(client)
    ? subscribeNodeRedis(client.duplicate() as NodeRedisSubscriber, channels, listener, end)
    : subscribeIoRedis(client.duplicate(withoutResubscribing) as IoRedisSubscriber, channels, listener, end);
  let isOver = false;
  const stay = endWith(client, end);
  return end;

  function end(): void {
    if (isOver) return;
    isOver = true;
    stay();
    stop();
    listener.ended?.();
  }
}

function subscribeNodeRedis(
  subscriber: NodeRedisSubscriber,
  channels: readonly string[],
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
      if (!hasSubscribed) await subscriber.subscribe(channels, (message) => listener.message(message));
      hasSubscribed = true;
      listener.ready();
    } catch (error) {
      if (isForbidden(error)) listener.forbidden?.(error);
      // It is tried again once it is connected again; a cluster does not say so.
      if (!saysReady || isForbidden(error)) end();
    }
    isSubscribing = false;
  };
  // The same trouble is told by the client that decides; here it only must not end the process.
  subscriber.on('error', () => {
    if (!subscriber.isOpen) end();
  });
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

function subscribeIoRedis(
  subscriber: IoRedisSubscriber,
  channels: readonly string[],
  listener: SubscriptionListener,
  end: () => void,
): () => void {
  subscriber.on('error', () => undefined);
  subscriber.on('end', end);
  subscriber.on('ready', () => {
    subscriber.stream?.unref?.();
    subscriber
      .subscribe(...channels)
      .then(() => listener.ready())
      .catch((error: unknown) => {
        if (!isForbidden(error)) return;
        listener.forbidden?.(error);
        end();
      });
  });
  if (subscriber.status === 'wait') subscriber.connect().catch(() => undefined);
  subscriber.on('message', (_channel, message = '') => listener.message(message));
  return () => subscriber.disconnect();
}
