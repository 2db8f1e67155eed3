import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const count = z.coerce.number().int().min(1);

const environment = z.object({
  /** Where the server listens. 0: a port that is free. */
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8_787),
  /** Where people reach it, if that is elsewhere (behind a proxy that speaks https, say). */
  PUBLIC_ORIGIN: z
    .url({ protocol: /^https?$/, error: 'must be an address such as https://videos.example' })
    .transform((url) => new URL(url).origin)
    .optional(),
  /** What survives a restart: the journal, the tasks, the key that signs cookies. */
  DATA_DIR: z.string().min(1).optional(),
  /** Without a key there is a simulator, whose time runs `SIMULATOR_SPEED` times as fast. */
  KLING_API_KEY: z.string().optional(),
  KLING_BASE_URL: z.url().optional(),
  SIMULATOR_SPEED: z.coerce.number().positive().default(6),
  /** What the account may do. */
  TASKS: count.default(3),
  REQUESTS_PER_MINUTE: count.default(30),
  POLL_MS: count.default(10_000),
  /** What each person may do: so many tasks at once, so many waiting; and how many may wait in all. */
  TASKS_EACH: count.default(2),
  WAITING_EACH: count.default(10),
  WAITING: count.default(50),
  /** Event streams of one person, and of all. */
  STREAMS_EACH: count.default(6),
  STREAMS: count.default(2_000),
  /** Opens the operator's panel. */
  OPERATOR_TOKEN: z
    .string()
    .min(16)
    .default(() => randomBytes(16).toString('base64url')),
});

const checked = environment.transform(({ DATA_DIR, ...rest }) => ({
  ...rest,
  // What waits in a simulation must not be made, and paid for, once there is a key.
  DATA_DIR: DATA_DIR ?? `sluice-out/streaming-backend${rest.KLING_API_KEY === undefined ? '-simulated' : ''}`,
}));

export type Settings = z.output<typeof checked>;

/** @throws Error naming the variable that is wrong, never its value: it may be a secret */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = checked.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
}
