import { request, type ClientRequest } from 'node:http';
import type { Callback } from './callbacks.js';
import { signCallback } from './callbackSignature.js';

export interface CallbackSenderOptions {
  /** `whsec_` and a key in base64; undefined: nothing is signed. */
  readonly secret: string | undefined;
  /** The wall time that the receiver goes by, in ms since 1970. */
  readonly epochNow: () => number;
  /** A callback was answered with a 2xx. */
  readonly accepted: () => void;
}

/** Posts callbacks, each once on a connection of its own: no redirect is followed, and what fails is not sent again. */
export class CallbackSender {
  readonly #options: CallbackSenderOptions;
  readonly #open = new Set<ClientRequest>();

  constructor(options: CallbackSenderOptions) {
    this.#options = options;
  }

  send({ id, url, body }: Callback): void {
    const { secret, epochNow, accepted } = this.#options;
    const text = JSON.stringify(body);
    const signed = secret === undefined ? {} : signCallback(secret, { id, sentAtMs: epochNow(), text });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...signed };
    let sending: ClientRequest;
    try {
      sending = request(url, { method: 'POST', agent: false, headers });
    } catch {
      // An address that cannot be asked (its user is no percent-encoding) is as one where nobody is.
      return;
    }
    this.#open.add(sending);
    sending
      .on('response', (response) => {
        const { statusCode = 0 } = response.resume();
        if (statusCode >= 200 && statusCode < 300) accepted();
      })
      // Polling finds what a receiver that is not there never hears of.
      .on('error', () => {})
      .on('close', () => this.#open.delete(sending))
      .end(text);
  }

  /** Breaks off what is under way. */
  close(): void {
    for (const sending of this.#open) sending.destroy();
  }
}
