import { EventSource } from 'eventsource';
import { onTestFinished } from 'vitest';
import type { Person } from './backend.js';

export interface View {
  readonly id: string;
  readonly prompt: string;
  readonly phase: string;
  readonly ahead?: number;
  readonly note?: string;
  readonly video?: string;
}

/** What a page of a person has been told, by way of the package eventsource. */
export class Following {
  readonly #source: EventSource;
  readonly #listeners = new Set<() => void>();
  /** What was sent as the last event seen, at each connection. */
  readonly lastEventIds: (string | undefined)[] = [];
  readonly statuses: number[] = [];
  readonly tasks = new Map<string, View>();
  /** Every state that came, in order. */
  readonly told: View[] = [];
  readonly ids: string[] = [];
  resets = 0;

  constructor({ backend, cookie }: Person, path = '/api/events') {
    this.#source = new EventSource(`${backend.url}${path}`, {
      fetch: async (url, init) => {
        this.lastEventIds.push(init.headers['Last-Event-ID']);
        const answer = await fetch(url, { ...init, headers: { ...init.headers, cookie } });
        this.statuses.push(answer.status);
        return answer;
      },
    });
    const on = (name: string, heard: (data: unknown) => void): void =>
      this.#source.addEventListener(name, ({ data, lastEventId }) => {
        this.ids.push(lastEventId);
        heard(JSON.parse(data as string));
        for (const listener of this.#listeners) listener();
      });
    on('state', (data) => {
      const view = data as View;
      this.told.push(view);
      this.tasks.set(view.id, view);
    });
    on('gone', (data) => this.tasks.delete((data as { readonly key: string }).key));
    on('reset', () => {
      this.resets++;
      this.tasks.clear();
    });
    onTestFinished(() => this.#source.close());
  }

  phases(): readonly string[] {
    return [...this.tasks.values()].map(({ phase }) => phase);
  }

  /** As soon as it is so. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((settle) => {
      const look = (): void => {
        if (!isSo()) return;
        this.#listeners.delete(look);
        settle();
      };
      this.#listeners.add(look);
      look();
    });
  }

  close(): void {
    this.#source.close();
  }
}
