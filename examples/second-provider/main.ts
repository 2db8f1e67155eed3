import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { scaledClock, systemClock, type GenerateEvent } from 'sluice';
import { paintAll, type Painted } from './paintAll.js';

const help = `usage: node dist/examples/second-provider/main.js [--out DIR] [--budget DOLLARS] PROMPTS

Has Atelier Nowhere paint each line of the file PROMPTS, and saves the pictures as DIR/<id>.png. Stopped in whatever way,
it goes on where it was when it is started again: nothing is painted, or paid for, twice. Ctrl-C sends nothing more and
waits for what is being painted; a second one leaves at once.

  --out DIR         where the pictures and the journal are kept (sluice-out/second-provider)
  --budget DOLLARS  what all runs on DIR together may cost (no bound)

ATELIER_URL    where the API is (http://127.0.0.1:8791, where serve.js simulates it)
ATELIER_TOKEN  who is asking (nowhere-token)
ATELIER_SPEED  how many times as fast the time of a simulator runs (1)`;

const { values, positionals } = orLeave(() =>
  parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'sluice-out/second-provider' },
      budget: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }),
);
const [file] = positionals;
if (values.help === true || file === undefined) {
  console.log(help);
  process.exit(values.help === true ? 0 : 2);
}

const { ATELIER_URL: url = 'http://127.0.0.1:8791', ATELIER_TOKEN: token = 'nowhere-token' } = process.env;
const budget = numberOf('--budget', values.budget);
const speed = numberOf('ATELIER_SPEED', process.env['ATELIER_SPEED']) ?? 1;
if (!URL.canParse(url)) leave(`ATELIER_URL: must be an address such as http://127.0.0.1:8791 (got "${url}")`);
const prompts = orLeave(() => readFileSync(file, 'utf8').split('\n').filter(Boolean));
const stopping = new AbortController();
const told = { made: 0, failed: 0, mills: 0 };

process.on('SIGINT', () => {
  if (stopping.signal.aborted) process.exit(130);
  console.error('Nothing more is sent; waiting for what is being painted (Ctrl-C again leaves it to the next run).');
  stopping.abort();
});

paintAll(prompts, {
  url,
  token,
  directory: values.out,
  ...(budget !== undefined && { budget }),
  stop: stopping.signal,
  observer: { next: tellEvent },
  clock: scaledClock(systemClock, speed),
}).subscribe({
  next: tell,
  complete: summarise,
  error: (error: unknown) => {
    console.error(String(error));
    process.exitCode = 1;
  },
});

function tellEvent(event: GenerateEvent): void {
  if (event.type === 'refused') console.log(`   ${event.refusal.meaning}: ${String(event.error)}`);
  if (event.type === 'adopted') console.log(`   ${event.id} is taken over from an earlier run`);
}

function tell({ result, path }: Painted): void {
  const { prompt, credits, isFinal, isEarlier, error } = result;
  told.mills += credits;
  if (isFinal) told[error === undefined ? 'made' : 'failed']++;
  const what = error === undefined ? `${path} ($${credits / 1_000})` : `${error.meaning}: ${path}`;
  console.log(
    `${told.made + told.failed}/${prompts.length} ${prompt}: ${what}${isEarlier === true ? ', earlier' : ''}`,
  );
}

function summarise(): void {
  const { made, failed, mills } = told;
  const left = prompts.length - made - failed;
  console.log(`${made} made, ${failed} failed, ${left} left for another run; $${mills / 1_000} spent or set aside`);
  process.exitCode = left > 0 && stopping.signal.aborted ? 130 : failed + left > 0 ? 1 : 0;
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || Number(text) > 0) return text === undefined ? undefined : Number(text);
  return leave(`${name}: must be a number greater than 0 (got "${text}")`);
}

function orLeave<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    return leave(String(error));
  }
}

function leave(why: string): never {
  console.error(why);
  process.exit(2);
}
