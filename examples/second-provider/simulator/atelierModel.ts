import { accepted, problem, type Answered, type Asked } from './answers.js';

export interface AtelierRules {
  readonly token: string;
  /** Requests that pass in any window. */
  readonly requests: { readonly limit: number; readonly windowMs: number };
  /** Jobs at once, from acceptance to their end. */
  readonly jobs: number;
  /** What the account holds, in thousandths of a dollar. */
  readonly balance: number;
  /** How long the nth job (from 1) takes. */
  readonly jobMs: (nth: number) => number;
  /** The wall time at 0 ms. */
  readonly epochAtMs: number;
  /** Where a picture is to be had, as things are. */
  readonly pictureUrl: (id: string, nowMs: number) => string;
}

export interface Job {
  readonly id: string;
  readonly key: string;
  readonly body: string;
  readonly prompt: string;
  readonly price: number;
  /** What it really costs; nothing where it is spoilt. */
  readonly cost: number;
  readonly createdAtMs: number;
  readonly endsAtMs: number;
  readonly isSpoilt: boolean;
}

const priceOf: Readonly<Record<string, number>> = { draft: 20, final: 80 };

/** The account and its jobs as the service has them. Pure but for its own state: `nowMs` is an argument. */
export class AtelierModel {
  readonly jobs: Job[] = [];
  /** When the requests came that passed the rate limit. */
  readonly passedAtMs: number[] = [];
  /** How often a job was asked for that existed already. */
  replayed = 0;
  readonly #rules: AtelierRules;

  constructor(rules: AtelierRules) {
    this.#rules = rules;
  }

  answer(asked: Asked, nowMs: number): Answered {
    const { status, headers, body } = this.#judged(asked, nowMs);
    return { status, headers: { ...this.#announced(nowMs), ...headers }, ...(body && { body }) };
  }

  runningAt(atMs: number): readonly Job[] {
    return this.jobs.filter(({ createdAtMs, endsAtMs }) => createdAtMs <= atMs && atMs < endsAtMs);
  }

  #judged(asked: Asked, nowMs: number): Answered {
    if (asked.token !== this.#rules.token) return problem(401, 'who are you?');
    const waitMs = this.#rateMs(nowMs);
    if (waitMs > 0) return problem(429, 'too many requests', { 'retry-after': seconds(waitMs) });
    this.passedAtMs.push(nowMs);
    const { pathname, searchParams } = asked.url;
    if (pathname === '/limits') return { status: 204, headers: {} };
    if (pathname !== '/jobs') return problem(404, 'there is nothing here');
    if (asked.method === 'POST') return this.#create(asked, nowMs);
    const [key, ids] = [searchParams.get('key'), searchParams.get('ids')];
    if (key !== null) return this.#list((job) => job.key === key, [], nowMs);
    const wanted = (ids ?? '').split(',');
    if (wanted.length > 50) return problem(400, 'at most 50 ids');
    const missing = wanted.filter((id) => !this.jobs.some((job) => job.id === id));
    return this.#list((job) => wanted.includes(job.id), missing, nowMs);
  }

  /** How long until another request passes. */
  #rateMs(nowMs: number): number {
    const { limit, windowMs } = this.#rules.requests;
    const inItsWay = this.passedAtMs.at(-limit);
    return inItsWay === undefined ? 0 : Math.max(0, inItsWay + windowMs - nowMs);
  }

  #create({ key, body }: Asked, nowMs: number): Answered {
    const { prompt, quality = '' } = Object(body) as { readonly prompt?: unknown; readonly quality?: string };
    const price = priceOf[quality];
    if (key === undefined) return problem(400, 'no Idempotency-Key');
    if (typeof prompt !== 'string' || price === undefined) return problem(422, 'that is no picture');
    if (prompt.includes('forbidden')) return problem(451, 'not in this house');
    const text = JSON.stringify(body);
    const known = this.jobs.find((job) => job.key === key);
    if (known !== undefined) {
      this.replayed++;
      return known.body === text ? accepted(known.id) : problem(422, 'that key stands for another picture');
    }
    if (this.#spentAt(nowMs) + price > this.#rules.balance) return problem(402, 'the account is empty');
    const running = this.runningAt(nowMs);
    if (running.length >= this.#rules.jobs) {
      const endsAtMs = Math.min(...running.map((job) => job.endsAtMs));
      return problem(503, 'all easels are taken', { 'retry-after': seconds(endsAtMs - nowMs) });
    }
    const nth = this.jobs.length + 1;
    const isSpoilt = prompt.includes('spoilt');
    const [id, createdAtMs, endsAtMs] = [`j-${nth}`, nowMs, nowMs + this.#rules.jobMs(nth)];
    const cost = isSpoilt ? 0 : price - (nth % 5);
    this.jobs.push({ id, key, body: text, prompt, price, cost, createdAtMs, endsAtMs, isSpoilt });
    return accepted(id);
  }

  /** What is paid and what is set aside for jobs that run. */
  #spentAt(nowMs: number): number {
    return this.jobs.reduce((sum, { price, cost, endsAtMs }) => sum + (endsAtMs <= nowMs ? cost : price), 0);
  }

  #list(isWanted: (job: Job) => boolean, missing: readonly string[], nowMs: number): Answered {
    const jobs = this.jobs.filter(isWanted).map((job) => this.#described(job, nowMs));
    return { status: 200, headers: {}, body: { jobs, missing } };
  }

  #described({ id, key, cost, createdAtMs, endsAtMs, isSpoilt }: Job, nowMs: number): object {
    const { epochAtMs, pictureUrl } = this.#rules;
    const created = new Date(epochAtMs + createdAtMs).toISOString();
    if (nowMs < endsAtMs) return { id, key, created, changed: created, state: this.#stateAt(createdAtMs, nowMs) };
    const ended = { id, key, created, changed: new Date(epochAtMs + endsAtMs).toISOString() };
    const paid = { cost: { currency: 'USD', amount: (cost / 1_000).toFixed(3) } };
    if (isSpoilt) return { ...ended, ...paid, state: 'spoilt', reason: 'the paint ran' };
    return { ...ended, ...paid, state: 'finished', pictures: [{ url: pictureUrl(id, nowMs) }] };
  }

  #stateAt(createdAtMs: number, nowMs: number): string {
    return nowMs - createdAtMs < 500 ? 'queued' : 'painting';
  }

  /** What every answer says of the limits (draft-ietf-httpapi-ratelimit-headers). */
  #announced(nowMs: number): Readonly<Record<string, string>> {
    const { requests, jobs } = this.#rules;
    const { limit, windowMs } = requests;
    const counted = this.passedAtMs.slice(-limit).filter((atMs) => atMs > nowMs - windowMs);
    const resetMs = (counted[0] ?? nowMs) + windowMs - nowMs;
    return {
      'ratelimit-policy': `"requests";q=${limit};w=${windowMs / 1_000}, "jobs";q=${jobs};qu="jobs"`,
      ratelimit: `"requests";r=${limit - counted.length};t=${seconds(resetMs)}, "jobs";r=${jobs - this.runningAt(nowMs).length}`,
    };
  }
}

function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)));
}
