import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { sse } from 'sluice/sse';
import { sameOrigin, smallBody, strictHeaders } from './guards.js';
import type { Panel } from './panel.js';
import type { Sessions } from './sessions.js';
import type { Settings } from './settings.js';
import type { Studio, Submitted } from './studio.js';
import { videoFrom } from './video.js';

export interface Parts {
  readonly settings: Settings;
  readonly studio: Studio;
  readonly panel: Panel;
  readonly sessions: Sessions;
  readonly isSimulated: boolean;
  /** Where the page is. */
  readonly pageDirectory: string;
  /** Aborted as the server goes down: streams break off, and clients come back. */
  readonly stopping: AbortSignal;
}

const submission = z.strictObject({ prompt: z.string().trim().min(1).max(2_500) });
const admission = z.strictObject({ token: z.string().min(1).max(200) });

const unknownPerson = { code: 'NO_SESSION', message: 'Open the page first.' };
const unknownTask = { code: 'UNKNOWN_TASK', message: 'There is no such video of yours.' };

/** The routes. Every answer about a task begins with whose it is. */
export function createApp({ settings, studio, panel, sessions, isSimulated, pageDirectory, stopping }: Parts): Hono {
  const app = new Hono();
  app.use(strictHeaders, sameOrigin(settings.PUBLIC_ORIGIN), smallBody);

  for (const { path, file, type } of pages) {
    const text = readFileSync(join(pageDirectory, file), 'utf8');
    app.get(path, (context) => context.body(text, 200, { 'content-type': type, 'cache-control': 'no-cache' }));
  }

  app.get('/api/me', async (context) => {
    await sessions.welcome(context);
    const { TASKS_EACH: tasksEach, WAITING_EACH: waitingEach } = settings;
    const isOperator = await sessions.isOperator(context);
    context.header('cache-control', 'no-store');
    return context.json({ nowAtMs: Date.now(), isOperator, isSimulated, tasksEach, waitingEach });
  });

  app.get('/api/events', async (context) => {
    const name = await sessions.personOf(context);
    if (name === undefined) return context.json(unknownPerson, 401);
    const person = studio.personOf(name);
    if (person.streams >= settings.STREAMS_EACH) {
      return tooMany(context, 'TOO_MANY_STREAMS', 'The page is open too many times.', 10);
    }
    const { raw: request } = context.req;
    return sse((last) => person.follow(last), { request, signal: stopping, retryMs: 1_000 });
  });

  app.post('/api/tasks', async (context) => {
    const name = await sessions.personOf(context);
    if (name === undefined) return context.json(unknownPerson, 401);
    const { data } = submission.safeParse(await jsonOf(context));
    if (data === undefined) {
      return context.json({ code: 'BAD_PROMPT', message: 'A prompt has 1 to 2500 characters.' }, 400);
    }
    const submitted = studio.submit(name, data.prompt);
    return 'view' in submitted ? context.json(submitted.view, 202) : full(context, submitted);
  });

  app.delete('/api/tasks/:id', async (context) => {
    const name = await sessions.personOf(context);
    if (name === undefined) return context.json(unknownPerson, 401);
    const removed = studio.remove(name, context.req.param('id'));
    if (removed === 'unknown') return context.json(unknownTask, 404);
    if (removed === 'removed') return context.body(null, 204);
    return context.json({ code: 'RUNNING', message: 'It is being made, and cannot be stopped any more.' }, 409);
  });

  app.get('/api/tasks/:id/video', async (context) => {
    const name = await sessions.personOf(context);
    const url = name === undefined ? undefined : studio.videoOf(name, context.req.param('id'));
    return url === undefined ? context.json(unknownTask, 404) : videoFrom(url, context.req.raw);
  });

  app.post('/api/operator', async (context) => {
    const { data } = admission.safeParse(await jsonOf(context));
    if (data !== undefined && (await sessions.admitOperator(context, data.token))) return context.body(null, 204);
    return context.json({ code: 'NOT_OPERATOR', message: 'That is not the token.' }, 403);
  });

  app.get('/api/operator/events', async (context) => {
    if (!(await sessions.isOperator(context)))
      return context.json({ code: 'NOT_OPERATOR', message: 'Operators only.' }, 403);
    return sse((last) => panel.follow(last), { request: context.req.raw, signal: stopping, retryMs: 1_000 });
  });

  app.onError((error, context) => {
    console.error(error);
    return context.json({ code: 'FAILED', message: 'Something went wrong here. Try again in a minute.' }, 500);
  });
  app.notFound((context) => context.json({ code: 'NOT_FOUND', message: 'There is nothing here.' }, 404));
  return app;
}

const pages = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/style.css', file: 'style.css', type: 'text/css; charset=utf-8' },
  { path: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
  { path: '/app.js', file: 'app.js', type: 'text/javascript; charset=utf-8' },
];

/** What is no JSON, or is not said to be, is nothing that a schema takes. */
async function jsonOf(context: Context): Promise<unknown> {
  if (context.req.header('content-type')?.split(';')[0] !== 'application/json') return undefined;
  return context.req.json<unknown>().catch(() => undefined);
}

/** Which queue is full, and when to come back, for people and (RFC 9110, draft-ietf-httpapi-ratelimit-headers) for machines. */
function full(context: Context, { full: which, size, retryAfterMs }: Extract<Submitted, { full: unknown }>): Response {
  const seconds = Math.ceil(retryAfterMs / 1_000);
  context.header('RateLimit-Policy', `"waiting-${which}";q=${size}`);
  context.header('RateLimit', `"waiting-${which}";r=0;t=${seconds}`);
  const waiting = `${size} ${size === 1 ? 'video' : 'videos'}`;
  const message =
    which === 'own'
      ? `You have ${waiting} waiting already. Send more once one of them has started.`
      : `The queue is full: ${waiting} ${size === 1 ? 'is' : 'are'} waiting. Try again in about ${seconds} s; nothing was lost.`;
  return tooMany(context, 'QUEUE_FULL', message, seconds);
}

function tooMany(context: Context, code: string, message: string, retryAfterSeconds: number): Response {
  context.header('Retry-After', String(retryAfterSeconds));
  return context.json({ code, message, retryAfterSeconds }, 429);
}
