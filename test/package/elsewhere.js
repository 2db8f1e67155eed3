// Loaded before an example (`node --import`), which stays as it was pasted: what it sends to example.com and to Kling goes to
// servers of this machine, and timers and the monotonic clock are SPEED times as fast.
import { createRequire } from 'node:module';

const { EXAMPLE_COM, KLING, SPEED } = process.env;
const speed = Number(SPEED);

const realNow = performance.now.bind(performance);
performance.now = () => realNow() * speed;
const realSetTimeout = globalThis.setTimeout;
globalThis.setTimeout = (run, delayMs = 0, ...args) => realSetTimeout(run, delayMs / speed, ...args);

const realFetch = globalThis.fetch;
globalThis.fetch = (url, init) => realFetch(String(url).replace('https://example.com', EXAMPLE_COM), init);

// The Kling client has a pool of undici's of its own, the one that is installed beside it.
const { Agent } = createRequire(`${process.cwd()}/theirs.js`)('undici');
const realDispatch = Agent.prototype.dispatch;
Agent.prototype.dispatch = function (options, handler) {
  const isKling = new URL(options.origin).hostname.endsWith('klingai.com');
  return realDispatch.call(this, isKling ? { ...options, origin: KLING } : options, handler);
};
