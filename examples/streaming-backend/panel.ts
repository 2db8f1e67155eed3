import { finalize, interval, type Observable, type Subscription } from 'rxjs';
import { limiterEvents, type LimiterEvent } from 'sluice';
import { keyedStates, plainSnapshot, type PlainUsage, type SseEvent } from 'sluice/sse';
import type { Studio } from './studio.js';

/** One span of the chart. */
export interface Span {
  readonly fromAtMs: number;
  done: number;
  failed: number;
}

/** What the operator sees. */
export interface PanelView {
  readonly atMs: number;
  readonly limits: readonly PlainUsage[];
  readonly running: number;
  readonly waiting: number;
  readonly coolDownMs: number;
  readonly refusals: number;
  readonly people: number;
  readonly streams: number;
  readonly typicalMs: number;
  readonly spanMs: number;
  readonly spans: readonly Span[];
}

const spanMs = 5_000;
const spanCount = 60;

/** How it goes, once a second, and over the last minutes. */
export class Panel {
  readonly #studio: Studio;
  readonly #now = keyedStates<PanelView>({ maxKeys: 1 });
  readonly #subscriptions: readonly Subscription[];
  #spans: Span[] = [];
  #refusals = 0;
  #followers = 0;

  constructor(studio: Studio) {
    this.#studio = studio;
    this.#subscriptions = [
      studio.ended$.subscribe((phase) => {
        if (phase !== 'cancelled') this.#span()[phase]++;
      }),
      limiterEvents(studio.requests).subscribe((event) => this.#count(event)),
      interval(1_000).subscribe(() => this.#refresh()),
    ];
  }

  follow(lastEventId: string | undefined): Observable<SseEvent> {
    this.#followers++;
    this.#refresh();
    return this.#now.since(lastEventId).pipe(finalize(() => this.#followers--));
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #count(event: LimiterEvent): void {
    if (event.type === 'refused') this.#refusals++;
  }

  #refresh(): void {
    this.#studio.forgetIdle();
    if (this.#followers > 0) this.#now.set('now', this.#view());
  }

  #view(): PanelView {
    const { line, requests, people, expectations } = this.#studio;
    this.#span();
    const [{ limits, active, waiting }, sent] = [plainSnapshot(line.snapshot()), plainSnapshot(requests.snapshot())];
    return {
      atMs: Date.now(),
      limits: [...limits, ...sent.limits],
      running: active,
      waiting,
      coolDownMs: sent.coolDownMs,
      refusals: this.#refusals,
      people: people.size,
      typicalMs: expectations.typicalMs,
      streams: [...people.values()].reduce((sum, { streams }) => sum + streams, 0),
      spanMs,
      spans: this.#spans.map((span) => ({ ...span })),
    };
  }

  /** That of this moment; those in which nothing ended are there too. */
  #span(): Span {
    const nowAtMs = Math.floor(Date.now() / spanMs) * spanMs;
    const known = new Map(this.#spans.map((span) => [span.fromAtMs, span]));
    this.#spans = Array.from({ length: spanCount }, (_, i) => {
      const fromAtMs = nowAtMs - (spanCount - 1 - i) * spanMs;
      return known.get(fromAtMs) ?? { fromAtMs, done: 0, failed: 0 };
    });
    return this.#spans.at(-1)!;
  }
}
