import { expect, it } from 'vitest';
import { soFar } from '../../bin/soFar.js';
import type { GenerateEvent } from '../../operators/index.js';
import { VirtualClock } from '../../src/virtualClock.js';

it('tells of what has ended, every five seconds at most', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const observer = soFar(2_000, clock, (line) => lines.push(line));
  const ended = { type: 'ended' } as GenerateEvent;
  for (let count = 1; count <= 2_000; count++) {
    await clock.settle(6);
    observer.next({ type: 'processing' } as GenerateEvent);
    observer.next(ended);
  }
  expect(lines).toEqual(['834 of 2,000 prompts so far', '1,668 of 2,000 prompts so far']);
});
