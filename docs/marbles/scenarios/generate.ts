import { map, NEVER, takeUntil, type Observable } from 'rxjs';
import { generate, type GenerateResult } from '../../../operators/index.js';
import { fileJournal } from '../../../src/journal/index.js';
import { failMarker, seededRandom } from '../../../src/simulator/index.js';
import { SimulatedDisk } from '../../../test/journal/simulatedDisk.js';
import type { MarbleRecord, StreamRow } from '../record.js';
import { Stage } from '../stage.js';
import { Studio } from '../studio.js';
import { windowsOf } from '../windows.js';

/** A row of results, by the letters of their prompts. */
function resultsOf(stage: Stage, label: string, results$: Observable<GenerateResult<string>>): StreamRow {
  const shown = results$.pipe(
    map(({ prompt, status, isEarlier }) => ({
      value: prompt.charAt(0),
      ...(status === 'failed' && { tone: 'bad' as const }),
      ...(isEarlier && { tone: 'quiet' as const }),
    })),
  );
  return stage.watch(label, shown);
}

export async function slots(): Promise<MarbleRecord> {
  const stage = new Stage();
  const studio = new Studio(stage, { min: 20_000, max: 50_000 }, 3);
  const prompts = stage.source('(abcde|)');
  const source = stage.watch('prompts', prompts);
  const results = resultsOf(
    stage,
    'results',
    stage
      .source('(abcde|)', { c: `c ${failMarker}` })
      .pipe(generate(studio.api, { concurrent: 2, rate: 'off', clock: stage.clock, observer: studio.observer })),
  );
  await stage.play();
  return {
    title: 'generate holds a slot from before a task is sent until its end is known, and a failure is a result',
    description:
      'Five prompts, two slots. A task is submitted (s) as soon as a slot is free and polled (p) every 10 s at first. ' +
      'The slot is held until a poll has seen the end. c fails (red): it is a value, and d and e go on.',
    untilMs: 110_000,
    tickMs: 10_000,
    rows: [
      source,
      { kind: 'call', code: "generate(client, { concurrent: 2, rate: 'off' })" },
      studio.slots,
      studio.tasksAtKling(),
      { kind: 'stream', label: 'requests\ns submit, p poll', marbles: studio.requests },
      results,
    ],
  };
}

export async function rate(): Promise<MarbleRecord> {
  const stage = new Stage();
  const studio = new Studio(stage, { min: 20_000, max: 40_000 }, 4);
  const [limit, intervalMs] = [3, 20_000];
  const prompts = stage.source('(abcd|)');
  const source = stage.watch('prompts', prompts);
  const options = { rate: { limit, intervalMs }, clock: stage.clock, observer: studio.observer };
  const results = resultsOf(stage, 'results', prompts.pipe(generate(studio.api, options)));
  await stage.play();
  return {
    title: 'Every request keeps the rate, polls too: never more than 3 in any 20 s',
    description:
      'Four prompts, three slots, three requests in any 20 s. Three submits (s) use the window up, so the first poll (p) waits. ' +
      'One poll asks for all running tasks. Below stands each window of 20 s that begins with a request: none sees more than three.',
    untilMs: 95_000,
    tickMs: 10_000,
    rows: [
      source,
      { kind: 'call', code: 'generate(client, { rate: { limit: 3, intervalMs: 20_000 } })' },
      studio.slots,
      { kind: 'stream', label: 'requests\ns submit, p poll', marbles: studio.requests },
      windowsOf(studio.requests, limit, intervalMs, 'any 20 s'),
      results,
    ],
  };
}

export async function killed(): Promise<MarbleRecord> {
  const stage = new Stage();
  const machine = new SimulatedDisk({ random: seededRandom(1) });
  const studio = new Studio(stage, { min: 25_000, max: 60_000 }, 7);
  const [killedAtMs, againAtMs] = [45_000, 65_000];
  const run = (label: string, end$: Observable<unknown>): StreamRow => {
    const journal = fileJournal({ directory: '/monday', disk: machine.boot() });
    const options = { concurrent: 2, rate: 'off', journal, clock: stage.clock } as const;
    return resultsOf(stage, label, stage.source('(abcd|)').pipe(generate(studio.api, options), takeUntil(end$)));
  };
  const killed$ = stage.at(killedAtMs);
  killed$.subscribe(() => machine.kill());
  const first = run('first run', killed$);
  const again = new Promise<StreamRow>((resolve) => {
    stage.at(againAtMs).subscribe(() => resolve(run('second run', NEVER)));
  });
  await stage.play();
  return {
    title: 'Killed and run again: what ended is told again, what ran is adopted, and nothing is made twice',
    description:
      'The first run is killed at 45 s, with the result of a told and b and c at Kling. The second one begins at 65 s on the same ' +
      'journal: it tells a again (grey), adopts b, which has ended meanwhile, and c, and submits d alone. Four prompts, four tasks.',
    untilMs: 120_000,
    tickMs: 10_000,
    bands: [{ fromMs: killedAtMs, toMs: againAtMs, text: 'no process' }],
    rows: [
      { kind: 'call', code: "generate(client, { journal: fileJournal({ directory: 'monday' }) })" },
      { kind: 'stream', label: 'requests\ns submit, p poll', marbles: studio.requests },
      studio.tasksAtKling(),
      { ...first, end: { atMs: killedAtMs, how: 'unsubscribed', text: 'killed' } },
      await again,
    ],
  };
}
