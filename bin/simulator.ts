import { Option, type Command } from 'commander';
import type { OthersWindow } from '../src/simulator/index.js';
import { figureFlags, reading } from './flags.js';
import type { SimulatorFlags } from './serveSimulator.js';
import { parseDuration, parseNatural, parseSpeed } from './units.js';
import { UsageError } from './usageError.js';

const help = `
Its address goes to standard output, in a line of its own. It takes the key sim-key, or (on /v1 alone) the access key
sim-access with the secret key sim-secret, and shows what it has seen at /books. A prompt with [fail] fails, one with
[forbidden] is refused. Numbers override the tier's; enterprise is 10 tasks at once and no rate unless they say otherwise.

APIs, of one account:
  /v1              POST and GET /v1/videos/..., /v1/images/generations
  the new one      POST /text-to-video/MODEL, /image-to-video/MODEL; GET /tasks?task_ids=... or external_task_ids=...
  both             GET /account/costs; /files/..., the results

Faults, a comma between them: name=0.1 is a share of the requests, name=#3+#7 the third and the seventh.
  any request      latency (ms, 20 or 2-40), tooFast, plain429, hang, garbled
  creates          resetBefore, errorBefore, noSlot, failing, resetAfter, errorAfter
  queries, lists   pollError, strange (an unknown status, or another shape)
  callbacks        callbackLost, callbackLate, callbackTwice
  downloads        fileReset, fileSlow

Callbacks go to a callback_url of plain http on this machine, and nowhere else.

It runs until Ctrl-C (or SIGTERM).

Exit codes:
  0    stopped
  2    wrong usage, or a port that cannot be had

Examples:
  $ sluice simulator --port 8080 --tier pro --speed 60
  $ sluice simulator --faults resetAfter=0.1,pollError=0.2,latency=2-40 --seed 7
  $ sluice simulator --others 2@1m-5m,3@10m-12m --callback-secret whsec_c2ltdWxhdGVkLXNlY3JldA==
  $ KLING_API_KEY=sim-key sluice generate prompts.txt --base-url http://127.0.0.1:8080`;

/** Adds `sluice simulator`. */
export function addSimulator(program: Command): void {
  const command = program
    .command('simulator')
    .summary('run a simulated Kling on this machine')
    .description("Runs a server on 127.0.0.1 that behaves as Kling's API does, limits and faults included.")
    .addOption(port('--port <n>', 'the port; 0: one that is free'));
  for (const flag of figureFlags()) command.addOption(flag);
  command
    .addOption(
      new Option('--speed <n>', 'how many times as fast its time runs').argParser(reading(parseSpeed)).default(1),
    )
    .option('--faults <list>', 'what goes wrong (default: nothing)')
    .addOption(
      new Option('--others <list>', 'slots that others take, and when, like 2@1m-5m (default: none)').argParser(
        reading(parseOthers),
      ),
    )
    .option('--callback-secret <secret>', 'signs callbacks: whsec_ and a key in base64 (default: they are not signed)')
    .addOption(
      new Option('--seed <n>', 'the same seed draws the same lives and faults')
        .argParser(reading(parseNatural))
        .default(1),
    )
    .option('--retry-after', 'refusals for speed say how long to wait', false)
    .addHelpText('after', help)
    .action(async (flags: SimulatorFlags) => {
      // Help and wrong flags need none of what this loads.
      const { serveSimulator } = await import('./serveSimulator.js');
      await serveSimulator(flags);
    });
}

/** Reads windows such as `2@1m-5m,3@10m-12m`: so many slots, from one time after the start until another. */
function parseOthers(text: string): readonly OthersWindow[] {
  return text.split(',').map((part) => {
    const [, tasks, from, until] = /^([1-9]\d*)@([^-]+)-([^-]+)$/.exec(part.trim()) ?? [];
    if (tasks === undefined || from === undefined || until === undefined) {
      throw new UsageError(`must be like 2@1m-5m, a comma between them (got "${part.trim()}")`);
    }
    return { tasks: Number(tasks), fromMs: from === '0' ? 0 : parseDuration(from), untilMs: parseDuration(until) };
  });
}

function port(flags: string, description: string): Option {
  return new Option(flags, description).argParser(reading(parseNatural)).default(0);
}
