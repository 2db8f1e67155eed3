import type { Cancel } from '../clock.js';
import type { TaskOutput, TaskRef } from '../tasks/taskApi.js';

/**
 * What is written down about the task of one prompt, in the order in which it happens; `id` is the external id.
 *
 * | type | when | what a later run does with it, where it is the last |
 * |---|---|---|
 * | `intent` | before the request leaves: it must be on disk first | looks the task up by its id |
 * | `accepted` | the server has it | adopts and polls it |
 * | `status` | the server says that it goes on | the same |
 * | `unsent` | the server's word that there is nothing | sends it, under the same id |
 * | `ended` | the outcome is known for good | nothing: the outcome stands |
 */
export type JournalEntry =
  | {
      readonly type: 'intent';
      readonly id: string;
      /** Which prompt it is: by what it says and its number among those that say the same; or by its given id. */
      readonly key: string;
      /** The number of the task among those of its prompt, from 0: a failed one may be tried again by choice, under a new id. */
      readonly round: number;
      /** The prompt's place in its source when it was sent, from 0. */
      readonly index: number;
      /** The prompt as it was handed in; what JSON cannot hold of it is lost. */
      readonly prompt: unknown;
      /** Credits reserved for it. */
      readonly credits: number;
      readonly atMs: number;
    }
  | { readonly type: 'accepted'; readonly id: string; readonly ref: TaskRef; readonly atMs: number }
  | { readonly type: 'status'; readonly id: string; readonly atMs: number }
  | { readonly type: 'unsent'; readonly id: string; readonly atMs: number }
  | { readonly type: 'ended'; readonly id: string; readonly outcome: JournaledOutcome; readonly atMs: number };

/** What became of a task, for good. All instants are wall time. */
export interface JournaledOutcome {
  readonly status: 'succeeded' | 'failed';
  readonly taskId?: string | undefined;
  readonly outputs: readonly TaskOutput[];
  readonly attempts: number;
  readonly submittedAtMs?: number | undefined;
  readonly endedAtMs: number;
  readonly error?: { readonly meaning: string; readonly code: string; readonly message: string } | undefined;
  /** What it really cost, in credits; 0 where it failed. */
  readonly credits: number;
}

/** What a journal knows of one prompt's newest task. */
export interface JournaledTask {
  readonly id: string;
  readonly key: string;
  readonly round: number;
  readonly index: number;
  readonly prompt: unknown;
  /** Reserved, or once it has ended: spent. */
  readonly credits: number;
  /** When it was written down as about to be sent: wall time. */
  readonly intendedAtMs: number;
  /** `unknown`: it may exist; `unsent`: it does not. */
  readonly phase: 'unknown' | 'running' | 'unsent' | 'ended';
  /** Where the server has it, once that is known. */
  readonly ref?: TaskRef | undefined;
  readonly acceptedAtMs?: number | undefined;
  readonly outcome?: JournaledOutcome | undefined;
}

/** What earlier runs left. */
export interface JournalHistory {
  /** Made once for the journal and never again: external ids are derived from it, and are so unique in an account. */
  readonly runId: string;
  /** The newest task of each prompt, in the order of the first intents. */
  readonly tasks: readonly JournaledTask[];
  /** Credits of older tasks, which a newer round of the same prompt has replaced, each at its intent. */
  readonly replaced: readonly { readonly credits: number; readonly intendedAtMs: number }[];
}

/**
 * Intents before sending, outcomes after: what lets a run be killed at any instant and go on where it was. One process
 * holds a journal at a time, from `open` to `close`, unless it has `claims`.
 */
export interface Journal {
  /** There where several workers may have it open at once: who of them makes which prompt. */
  readonly claims?: Claims;
  /**
   * Takes hold of it, and reads what earlier runs have left. Once closed, it can be opened again. As the signal is
   * aborted, what this very call opens or has opened is closed; what others have open or are opening is left alone.
   *
   * @throws (rejects with) JournalLockedError where another holds it, or it is open already; JournalError
   */
  open(options?: { readonly signal?: AbortSignal }): Promise<JournalHistory>;
  /**
   * Resolves as soon as the entry, and all before it, would survive a crash of the machine. Entries keep the order of the
   * calls. Once one has failed (a full disk, say), all later ones do, with the same error. @throws (rejects with) JournalError
   */
  write(entry: JournalEntry): Promise<void>;
  /** A digest of at least 128 bits, in lower-case hex: prompts are recognised by it, and ids made of it. */
  digest(text: string): string;
  /** Waits for what is being opened or written, and lets go; again: does nothing. */
  close(): Promise<void>;
}

/**
 * Which worker makes which prompt, where several share a journal. A worker whose claims have not been renewed for a while
 * counts as dead: they are then free for the others. Whatever is written about a prompt is taken from the holder of its
 * claim alone, and refused with ClaimLostError from anybody else: who was given up for dead and comes back cannot send.
 */
export interface Claims {
  /** The newest task of a prompt, as far as this worker has heard. */
  taskOf(key: string): JournaledTask | undefined;
  /** Takes a prompt, or says that another living worker has it. Does not wait for that one. @throws (rejects with) JournalError */
  claim(key: string): Promise<Claim>;
  /** Tells of each task that another worker has written about, as it is since then. */
  on(listener: (task: JournaledTask) => void): Cancel;
}

export type Claim =
  | {
      readonly isOurs: true;
      /** What is known of the prompt's newest task, from before the claim: nobody writes about it meanwhile. */
      readonly task: JournaledTask | undefined;
      /** Aborted once it is known to be another's, or free for others. An end that was written is no loss. */
      readonly lost: AbortSignal;
      /** Resolves at once where nobody can have taken it; asks where somebody might. @throws (rejects with) ClaimLostError, JournalError */
      confirm(): Promise<void>;
      /** Lets others have it, after all that was written. Where it has ended, or was lost: does nothing. */
      release(): void;
    }
  | {
      readonly isOurs: false;
      /** Resolves as soon as it is worth another look: it has ended, or nobody has it. @throws (rejects with) JournalError */
      readonly free: Promise<void>;
    };
