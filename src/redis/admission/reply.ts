import * as z from 'zod';

/** A letter to this process: its number, the id of what was granted, the lane that it is for, and in how many ms it may start. */
const granted = z.tuple([z.int(), z.int().min(1), z.int(), z.number()]);

/**
 * What is given up for good: its number, 0, the lane, the budget that cannot pay for it, what that has left, and its place
 * in the lane.
 */
const givenUp = z.tuple([z.int(), z.literal(0), z.int(), z.string(), z.number(), z.int()]);

const mail = z.array(z.union([granted, givenUp]));

export type Letter = z.output<typeof mail>[number];

/** When somebody not told of yet could be let in, in ms; Infinity (-1): not before something ends. */
const wakeMs = z.number().transform((ms) => (ms < 0 ? Infinity : ms));

const decided = z.object({
  status: z.literal('ok'),
  wallMs: z.number(),
  epoch: z.string(),
  seq: z.number(),
  /** Redis' clock. */
  nowUs: z.number(),
  mail,
  wakeMs,
  /** Whether it is this process that is to ask then. */
  isOurs: z.boolean(),
  processes: z.int(),
  /** How many processes there have been within an hour, where they say so. */
  peers: z.int(),
  /** For each limit: used, capacity, ms until nothing of it counts (-1: not known). */
  usage: z.array(z.tuple([z.number(), z.number(), z.number()])),
  closedMs: z.number(),
  round: z.number(),
  reclaimed: z.array(z.int()),
  /** Why a message to another process was refused; empty where none was. */
  unsent: z.string(),
});

export type Decided = z.output<typeof decided>;

const reply = z.discriminatedUnion('status', [
  decided,
  /** Redis has lost its data, or has taken this process for dead: begin anew, and tell what is held, and what was not done. */
  z.object({ status: z.literal('recover'), wallMs: z.number(), epoch: z.string(), isDone: z.boolean() }),
  /** The calendar that came along does not reach to Redis' own date, or lacks zones that others have quotas of. */
  z.object({ status: z.literal('days'), wallMs: z.number(), zones: z.array(z.string()) }),
  /** Others share other limits under this name. */
  z.object({ status: z.literal('differs'), wallMs: z.number() }),
]);

export type Reply = z.output<typeof reply>;

/** @throws ZodError */
export function parseReply(text: unknown): Reply {
  return reply.parse(jsonIn(text));
}

const message = z.object({
  to: z.string(),
  seq: z.number(),
  mail,
  wakeMs,
  isOurs: z.boolean(),
  /** A call is asked for. */
  asks: z.boolean(),
  /** What has not started yet is not to start. */
  isRecalled: z.boolean(),
});

/** To all: these data begin here, as they are new, or older than what somebody has seen. */
const beginning = z.object({ epoch: z.string() });

const heard = z.union([message, beginning]);

/** What is none of ours is none. */
export function parseMessage(text: string): z.output<typeof heard> | undefined {
  return heard.safeParse(jsonIn(text)).data;
}

/** Undefined: there is none in it. */
function jsonIn(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
