import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import type { LimiterEvent } from '../../src/limiter/events.js';
import { limiterOf, Work } from './work.js';

describe('the news of a limiter', () => {
  it('is on the diagnostics channel while somebody listens there', () => {
    const { limiter } = limiterOf();
    const heard: { readonly limiter: unknown; readonly event: LimiterEvent }[] = [];
    const listen = (message: unknown): void => void heard.push(message as (typeof heard)[number]);
    new Work(limiter);
    subscribe('sluice:limiter', listen);
    new Work(limiter);
    limiter.coolDown(5);
    unsubscribe('sluice:limiter', listen);
    new Work(limiter);
    expect(heard.map(({ event }) => event.type)).toEqual(['waiting', 'cooled']);
    expect(heard.every((message) => message.limiter === limiter)).toBe(true);
  });

  it('tells of each round of a ramp', async () => {
    const { limiter, clock } = limiterOf({ limits: [] });
    const rounds: number[] = [];
    limiter.on((event) => event.type === 'ramped' && rounds.push(event.round));
    limiter.refused({ meaning: 'too-fast', hintMs: 100 });
    const works = Array.from({ length: 7 }, () => new Work(limiter));
    clock.advance(100);
    await works[0]?.succeed();
    await Promise.all([works[1]?.succeed(), works[2]?.succeed()]);
    expect(works.map(({ isRunning }) => isRunning)).toEqual([false, false, false, true, true, true, true]);
    expect(rounds).toEqual([1, 2, 4]);
  });
});
