import type { Limit } from '../../limits/limit.js';
import { Days, type Day } from './days.js';
import { MirroredLimit, type MirrorOwner } from './mirroredLimit.js';
import type { Memory } from './news.js';
import { micros, planned } from './plan.js';
import type { Decided } from './reply.js';

/** What the script is to be told of the limits; nothing where that is no news. */
export interface PlanNews {
  readonly plan?: string | undefined;
  /** The limits of it that are changed, by name: the others are as everybody knows them. Undefined: all are told. */
  readonly changed?: readonly string[] | undefined;
  /** True: for a server that has none; others may have changed it since. */
  readonly isBack?: true | undefined;
  /** What limits that learn were told to begin with, by name. */
  readonly told?: Readonly<Record<string, number>> | undefined;
}

/** Whether it says how limits are to be, and not only how they are to be where nobody knows. */
function isChange({ plan, isBack }: PlanNews): boolean {
  return plan !== undefined && isBack === undefined;
}

/** The limits that are shared: as this process gave them, as the script is told, and as they were last heard of. */
export class SharedPlan {
  readonly limits: readonly MirroredLimit[];
  /** True where a window counts from the start of work, which only its process knows. */
  readonly tellsStarts: boolean;
  /** True where keys have limits of their own. */
  readonly isKeyed: boolean;
  readonly #originals: readonly Limit[];
  /** In the order in which the script has them, which is everybody's. */
  readonly #byName: readonly MirroredLimit[];
  readonly #rampStepMs: number;
  readonly #days = new Days();
  #news: PlanNews;

  constructor(originals: readonly Limit[], rampStepMs: number, owner: MirrorOwner) {
    this.#originals = originals;
    this.isKeyed = originals.some((limit) => limit.isKeyed === true);
    this.#rampStepMs = rampStepMs;
    this.limits = originals.map((limit) => new MirroredLimit(limit, owner));
    this.#byName = [...this.limits].sort((one, other) => (one.name < other.name ? -1 : 1));
    this.#news = { plan: this.#planned() };
    this.tellsStarts = originals.some((limit) => planned(limit)['countUntil'] === 'start');
  }

  takeNews(): PlanNews {
    const news = this.#news;
    this.#news = {};
    return news;
  }

  /** A change that was to be told, and was not. */
  putBack(untold: PlanNews): void {
    if (!isChange(untold)) return;
    const { changed, told } = this.#news;
    this.#news = {
      plan: this.#planned(),
      changed: untold.changed && [...untold.changed, ...(changed ?? [])],
      told: untold.told && { ...untold.told, ...told },
    };
  }

  /** In a new life the script may know of no limits; a change that was not told yet is news all the same. */
  tellAgain(): void {
    const isBack = isChange(this.#news) ? undefined : true;
    this.#news = { ...this.#news, plan: this.#planned(), isBack };
  }

  /** @throws OptionsError for what the limit does not know */
  change({ original, name }: MirroredLimit, change: unknown, nowMs: number): void {
    original.update?.(change, nowMs);
    const { initial } = change as { readonly initial?: number };
    const news = this.#news;
    this.#news = {
      plan: this.#planned(),
      changed: isChange(news) ? news.changed && [...news.changed, name] : [name],
      told: initial === undefined ? news.told : { ...news.told, [name]: initial },
    };
  }

  /** The figures that are a key's own, as JSON by the limits' names. */
  ownFigures(key: unknown): Readonly<Record<string, string>> | undefined {
    if (key === undefined) return undefined;
    const own = this.#originals
      .filter((limit) => limit.isKeyed === true)
      .map((limit) => ({ name: limit.name, figures: planned(limit, key), common: planned(limit) }))
      .filter(({ figures, common }) => JSON.stringify(figures) !== JSON.stringify(common));
    if (own.length === 0) return undefined;
    for (const { figures } of own) this.#knowZone(figures['timeZone']);
    return Object.fromEntries(own.map(({ name, figures }) => [name, JSON.stringify(figures)]));
  }

  daysAround(epochMs: number): readonly Day[] | undefined {
    return this.#days.around(epochMs);
  }

  knowZones(zones: readonly string[]): void {
    for (const zone of zones) this.#days.addZone(zone);
  }

  /** The date that a limit counts an instant to; empty where it counts none. */
  dateOf({ original }: MirroredLimit, key: unknown, epochMs: number): string {
    const figures = original.describe?.(key);
    return figures?.type === 'dailyQuota' ? this.#days.dateOf(figures.timeZone, epochMs) : '';
  }

  /** @returns true where one holds less than before */
  heard(usage: Decided['usage'], nowMs: number, epochMs: number): boolean {
    let isLess = false;
    for (const [index, limit] of this.#byName.entries()) {
      const [used, capacity, resetsMs] = usage[index] ?? [0, limit.capacity, 0];
      const resetsAtMs = resetsMs < 0 ? Infinity : nowMs + resetsMs;
      isLess = limit.heard({ used, capacity, resetsAtMs }, nowMs, epochMs) || isLess;
    }
    return isLess;
  }

  /** What is known to be spent, for a Redis that may not know it any more. */
  totals(): Memory['totals'] {
    return this.limits
      .filter((limit) => limit.kind === 'quota' && limit.isKeyed !== true && limit.lastHeard.used > 0)
      .map((limit) => {
        const { used, epochMs } = limit.lastHeard;
        return [limit.name, used, this.dateOf(limit, undefined, epochMs)];
      });
  }

  #planned(): string {
    const limits = this.#byName.map(({ original }) => planned(original));
    for (const { timeZone } of limits) this.#knowZone(timeZone);
    return JSON.stringify({
      // Texts: where the script hands one on, its figures are not rounded.
      limits: limits.map((limit) => JSON.stringify(limit)),
      rampStep: micros(this.#rampStepMs),
      isKeyed: this.isKeyed,
      hasSlots: this.#originals.some((limit) => limit.kind === 'slots'),
      hasBudget: this.#originals.some((limit) => limit.left !== undefined),
    });
  }

  #knowZone(zone: unknown): void {
    if (typeof zone === 'string') this.#days.addZone(zone);
  }
}
