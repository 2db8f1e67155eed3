import { askingForCallbacks, openCallbacks } from './callbacks.js';
import { connect, connectSimulated, type Connection } from './connection.js';
import { figuresOf, type Figures } from './figures.js';
import { downloadsOf, settingsOf, type GenerateFlags } from './generateFlags.js';
import { defaultsOf } from './promptFlags.js';
import { readPrompts, type Prompt } from './prompts.js';
import { connectRedis, type RedisRun } from './redisRun.js';
import { ResultsFile } from './results.js';
import { Roster } from './roster.js';
import { run } from './run.js';
import { holdSimulation, RunDirectory } from './runDirectory.js';
import { openSlots } from './slots.js';
import { Tally } from './tally.js';
import { UsageError } from './usageError.js';

/** Does what `sluice generate` was asked for, and hands back the exit code. @throws UsageError */
export async function generateFile(file: string, flags: GenerateFlags): Promise<number> {
  const { api, simulate: simulated = false } = flags;
  if (flags.speed !== undefined && !simulated) throw new UsageError('--speed is for --simulate');
  const figures = figuresOf(flags);
  const prompts = await readPrompts(file, defaultsOf(flags), api);
  const redis = await connectRedis(flags);
  try {
    return await generateOver(redis, { prompts, figures, flags });
  } finally {
    redis?.close();
  }
}

type Asked = Pick<Work, 'prompts' | 'figures' | 'flags'>;

async function generateOver(redis: RedisRun | undefined, { prompts, figures, flags }: Asked): Promise<number> {
  const { out, api, baseUrl, simulate: simulated = false, speed = 1 } = flags;
  const connection = simulated
    ? await connectSimulated(figures, api, speed)
    : connect(figures, { api, baseUrl }, process.env, redis);
  try {
    // Nothing in DIR is looked at any closer before it is ours alone.
    const memory = simulated ? undefined : await openMemory(out, flags, redis);
    const unlock = simulated ? await holdSimulation(out) : undefined;
    try {
      return await generatePrompts({ prompts, figures, connection, memory, redis, flags });
    } finally {
      await memory?.close();
      await unlock?.().catch(() => undefined);
    }
  } finally {
    await connection.close();
  }
}

function openMemory(out: string, flags: GenerateFlags, redis: RedisRun | undefined): Promise<RunDirectory> {
  if (redis === undefined) return RunDirectory.open(out, settingsOf(flags));
  return RunDirectory.openShared(out, settingsOf(flags), redis);
}

interface Work {
  readonly prompts: readonly Prompt[];
  readonly figures: Figures;
  readonly connection: Connection;
  readonly memory: RunDirectory | undefined;
  /** Its client is for whatever else the workers of a run share, too. */
  readonly redis: RedisRun | undefined;
  readonly flags: GenerateFlags;
}

async function generatePrompts({ prompts, figures, connection, memory, redis, flags }: Work): Promise<number> {
  const { out, retryFailed = false, drain = false, progress, speed = 1 } = flags;
  const { pollInterval: pollIntervalMs, deadline: deadlineMs, maxRetries, runCredits } = flags;
  const roster = new Roster({ prompts, client: connection.client, memory, retryFailed });
  const tally = new Tally(connection);
  const callbacks = await openCallbacks(flags, process.env);
  try {
    await connection.check();
    const slots = await openSlots(connection, figures);
    const results = memory === undefined ? ResultsFile.replace(out) : await memory.begin();
    const client = callbacks === undefined ? connection.client : askingForCallbacks(connection.client, callbacks.url);
    return await run({
      prompts,
      roster,
      connection,
      client,
      figures,
      slots,
      tally,
      results,
      memory,
      redis,
      pollIntervalMs,
      deadlineMs,
      maxRetries,
      runCredits,
      retryFailed,
      progress,
      speed,
      updates: callbacks?.updates,
      downloadTo: downloadsOf(flags, connection.dispatcher),
      drains: drain || memory === undefined,
    });
  } finally {
    await callbacks?.close();
  }
}
