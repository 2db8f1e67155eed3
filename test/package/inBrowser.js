// What runs in the page of browser.test.ts: each operator once, with real timers and a server that is really asked. Results
// are plain values; where it is about time, whether what was promised was kept.
import { defer, from, lastValueFrom, map, of, range, take, tap, toArray } from 'rxjs';
import {
  concurrency,
  concurrencyLimit,
  createLimiter,
  createRequestQueue,
  generate,
  limiterEvents,
  pollUntilDone,
  pullFrom,
  rateLimit,
  retryWithJitter,
  slidingWindow,
} from 'sluice';
import { classifyHttp, HttpError } from 'sluice/http';
import { keyedStates, sse, taskStates } from 'sluice/sse';

const all = (stream$) => lastValueFrom(stream$.pipe(toArray()));
const sleep = (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs));

async function asked(path, init) {
  const response = await fetch(path, init);
  if (!response.ok) throw new HttpError(response);
  return response.json();
}

const scenarios = {
  async rateLimit() {
    const atMs = [];
    const startMs = performance.now();
    const values = await all(
      range(1, 6).pipe(
        rateLimit({ limit: 2, intervalMs: 80 }),
        tap(() => atMs.push(performance.now())),
      ),
    );
    // Since before the first was let through: when that was, this page sees only later, on a busy machine by much.
    return { values, isKept: atMs.every((at, index) => at - startMs >= 80 * Math.floor(index / 2) - 1e-6) };
  },

  async concurrencyLimit() {
    let running = 0;
    let most = 0;
    const work = async (n) => {
      most = Math.max(most, ++running);
      await sleep(30 - 5 * n);
      running--;
      return n * n;
    };
    const values = await all(range(0, 5).pipe(concurrencyLimit(work, { limit: 2, ordered: true })));
    return { values, most };
  },

  async retryWithJitter() {
    const retries = [];
    const values = await all(
      defer(() => asked('/flaky')).pipe(
        retryWithJitter({ capMs: 20, classify: classifyHttp, onRetry: ({ refusal }) => retries.push(refusal.meaning) }),
      ),
    );
    return { values, retries };
  },

  async pollUntilDone() {
    const options = { isDone: (status) => status.state === 'done', intervalMs: 5, emit: 'changes' };
    const poll = (id) => asked(`/tasks?ids=${id}`).then(([status]) => status);
    const { id } = await asked('/tasks', { method: 'POST', body: 'polled' });
    const states$ = of(id).pipe(
      pollUntilDone({ ...options, poll, changeKey: ({ state }) => state }),
      map(({ state }) => state),
    );
    return all(states$);
  },

  async pullFrom() {
    let pulled = 0;
    function* endless() {
      for (;;) yield ++pulled;
    }
    const values = await all(pullFrom(endless(), (n) => of(n * 10), { limit: 1 }).pipe(take(3)));
    return { values, pulled };
  },

  async createLimiter() {
    const limiter = createLimiter({
      limits: [slidingWindow({ limit: 4, intervalMs: 60_000 }), concurrency({ limit: 2 })],
      queue: { maxSize: 2, overflow: 'error' },
    });
    const types = [];
    limiterEvents(limiter).subscribe(({ type }) => types.push(type));
    const works = Array.from({ length: 5 }, (_, n) => limiter.run(() => sleep(5).then(() => n)));
    const ends = await Promise.allSettled(works);
    const { limits } = limiter.snapshot();
    return {
      ends: ends.map(({ value, reason }) => value ?? reason.code),
      used: limits.map(({ name, used }) => `${name}: ${used}`),
      types,
    };
  },

  async createRequestQueue() {
    const queue = createRequestQueue({ send: (n) => sleep(1).then(() => n + 1), maxPerMinute: 60 });
    return Promise.all([queue.enqueue(1), queue.enqueue(2)]);
  },

  async generate() {
    const phases = new Set();
    const api = {
      pollBatch: 10,
      parse: (input) => ({ prompt: String(input) }),
      submit: ({ prompt }) => asked('/tasks', { method: 'POST', body: prompt }).then(remote),
      lookUp: () => Promise.resolve(undefined),
      poll: (refs) => asked(`/tasks?ids=${refs.map(({ id }) => id).join()}`).then((tasks) => tasks.map(remote)),
      classify: classifyHttp,
      productOf: () => 'pictures',
      weigh: () => 1,
      estimateCredits: () => 2,
    };
    const states = keyedStates();
    const results = await all(
      from(['a lighthouse', 'a cat', 'forbidden', 'a storm']).pipe(
        generate(api, {
          concurrent: 2,
          rate: 'off',
          pollIntervalMs: 10,
          observer: {
            next: (event) =>
              of(event)
                .pipe(taskStates())
                .subscribe(({ phase }) => phases.add(phase)),
          },
        }),
        tap(({ index, status }) => states.set(String(index), { status })),
      ),
    );
    const inOrder = results.sort((a, b) => a.index - b.index);
    const told = inOrder.map(({ prompt, status, outputs, error }) => ({
      prompt,
      status,
      urls: outputs.map(({ url }) => url),
      ...(error && { meaning: error.meaning }),
    }));
    return { told, size: states.size, phases: ['queued', 'submitted', 'succeeded'].every((it) => phases.has(it)) };
  },

  async sse() {
    const response = sse(from([{ data: { percent: 50 } }, { data: 'done', event: 'state', id: '7' }]), {
      random: () => 0,
    });
    return { type: response.headers.get('content-type'), text: await response.text() };
  },

  wrongOptions() {
    try {
      rateLimit({ limit: 0, intervalMs: 60_000 });
    } catch (error) {
      return { name: error.name, message: error.message, path: error.path };
    }
    return 'it was taken';
  },
};

function remote({ id, state, url }) {
  const status = state === 'done' ? 'succeeded' : 'running';
  return { ref: { product: 'pictures', id }, status, outputs: url === undefined ? [] : [{ type: 'image', url }] };
}

export async function runAll() {
  const told = {};
  for (const [name, scenario] of Object.entries(scenarios)) {
    told[name] = await Promise.resolve(scenario()).catch((error) => `${error.name}: ${error.message}`);
  }
  return told;
}
