import type { Clock } from '../clock.js';
import { readHint } from '../http/rateLimits.js';
import { clientOver, type KlingClient } from '../kling/clientOver.js';
import { parseClientOptions, type KlingClientOptions } from '../kling/clientOptions.js';
import { KlingError } from '../kling/errors.js';
import type { HttpAnswer, HttpRequest, Transport } from '../kling/transport.js';
import type { Delivery, Wire } from './wire.js';

export interface SimulatedClientOptions extends Pick<KlingClientOptions, 'api' | 'creditsFor' | 'timeoutMs'> {
  /** The way to a model; see `createWire`. */
  readonly wire: Wire;
  /** The client's time. */
  readonly clock: Clock;
}

/**
 * The Kling client itself, on a wire to a model instead of HTTP: all of a run, its limits, polls and faults, in
 * virtual time and in one process.
 *
 * @throws OptionsError
 */
export function createSimulatedClient({ wire, clock, ...options }: SimulatedClientOptions): KlingClient {
  const settings = parseClientOptions({ ...options, clock, apiKey: 'simulated', baseUrl: 'http://simulator.invalid' });
  return clientOver(new WireTransport(wire, clock, settings.timeoutMs), settings);
}

/** One request over a wire, answered as a connection would: in time, too late, or by being cut off. */
class WireTransport implements Transport {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(wire: Wire, clock: Clock, timeoutMs: number) {
    this.#wire = wire;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  send({ call, method, path, body, signal }: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const lost = (kind: 'timed-out' | 'connection-lost'): void => {
        end();
        reject(new KlingError(`no whole answer: ${kind}`, { kind, call }));
      };
      const aborted = (): void => {
        end();
        reject(signal?.reason as Error);
      };
      const cancelTimeout = this.#clock.schedule(this.#timeoutMs, () => lost('timed-out'));
      const end = (): void => {
        cancelTimeout();
        signal?.removeEventListener('abort', aborted);
      };
      signal?.addEventListener('abort', aborted, { once: true });
      const sent: unknown = body === undefined ? undefined : JSON.parse(JSON.stringify(body));
      this.#wire.send({ method, target: path, body: sent }, (delivery) => {
        if (delivery.kind === 'reset') lost('connection-lost');
        else {
          end();
          resolve(this.#read(delivery));
        }
      });
    });
  }

  close(): Promise<void> {
    this.#wire.close();
    return Promise.resolve();
  }

  #read({ status, headers, body }: Exclude<Delivery, { kind: 'reset' }>): HttpAnswer {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { status, retryAfterMs: readHint(headers, this.#clock.epochNow()), text };
  }
}
