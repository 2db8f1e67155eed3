import type { Figures } from './figures.js';
import type { ItemRecord, Try } from './record.js';
import type { Settings } from './scenario.js';
import { statuses, type RefusedAs } from './server.js';
import { counted, duration, inTime, listed, userName } from './words.js';

/** What a run came to, in a few sentences. */
export function tellRun(figures: Figures, settings: Settings): string {
  const { done, givenUp, stopped, makespanMs, idealMs } = figures;
  const took =
    stopped > 0
      ? `${done} of ${counted(settings.items, 'item')} done when the run was stopped: it asks for too many requests.`
      : `${counted(done, 'item')} done in ${duration(makespanMs)}; ${aloneWords(settings)} would need ${duration(idealMs)}.`;
  const lost = givenUp === 0 ? '' : `${counted(givenUp, 'item')} given up after the last retry. `;
  return `${took} ${lost}${tellJudge(figures, settings)}`;
}

/** What the ideal is of. */
export function aloneWords({ window, evenly, bucket, slots, adaptive }: Settings): string {
  return window || evenly || bucket || slots || adaptive ? 'the limits alone' : 'the work alone';
}

/** What the server has to say of it. */
function tellJudge({ worstWindow, mostAtOnce, refusals }: Figures, settings: Settings): string {
  const { serverWindow, serverLimit, serverSlots, serverSlotCount } = settings;
  const seen = [
    serverWindow &&
      `at most ${worstWindow.all} requests in ${inTime(worstWindow.intervalMs)} (it allows ${serverLimit})`,
    serverSlots && `${mostAtOnce} at once (it allows ${serverSlotCount})`,
  ].filter((it) => it !== false);
  const reasons = (Object.keys(refusals) as RefusedAs[]).filter((verdict) => refusals[verdict] > 0);
  const refused = reasons.map((verdict) => `${refusals[verdict]} as ${reasonOf[verdict]}`);
  const saw = seen.length === 0 ? 'The server' : `The server saw ${listed(seen)}, and`;
  return refused.length === 0 ? `${saw} refused nothing.` : `${saw} refused ${listed(refused)}.`;
}

/** What happened to one item, and why it waited. */
export function tellItem(item: ItemRecord, { users }: Settings): string {
  const whose = users > 1 ? ` of user ${userName(item.user)}` : '';
  const [first, ...others] = item.tries;
  const came = `Item ${item.id}${whose} came at ${duration(item.arrivesAtMs)}`;
  if (first === undefined) return `${came}, but the run was stopped before.`;
  const queue = first.waiting === 0 ? '' : ` with ${first.waiting} in the queue`;
  const again = others.map((it, index) => {
    const pauseMs = it.queuedAtMs - (item.tries[index]?.answeredAtMs ?? NaN);
    return `Again after ${duration(pauseMs)}: ${tellTry(it)}`;
  });
  const end = { done: '', 'given up': ' That was the last retry: given up.', stopped: ' Then the run was stopped.' };
  return [`${came}${queue}: ${tellTry(first)}`, ...again].join(' ') + end[item.end];
}

function tellTry(it: Try): string {
  if (it.sentAtMs === Infinity) return 'it waited.';
  const waitedMs = it.sentAtMs - it.queuedAtMs;
  const held = [...it.heldMs].map(([name, ms]) => `${duration(ms)} for “${name}”`);
  const why = held.length === 1 ? ` for “${[...it.heldMs.keys()].join('')}”` : ` (${listed(held)})`;
  const waited =
    waitedMs === 0 ? 'sent at once' : `waited ${duration(waitedMs)}${why}, sent at ${duration(it.sentAtMs)}`;
  return `${waited}, ${tellAnswer(it)}`;
}

function tellAnswer({ verdict, sentAtMs, answeredAtMs, hintMs }: Try): string {
  if (verdict === undefined || answeredAtMs === Infinity) return 'not answered.';
  if (verdict === 'served') return `done ${duration(answeredAtMs - sentAtMs)} later.`;
  const hint = hintMs > 0 ? `, asked to wait ${duration(hintMs)}` : '';
  return `refused (${statuses[verdict]}, ${verdict}${hint}).`;
}

const reasonOf: Readonly<Record<RefusedAs, string>> = {
  'too fast': 'too fast',
  'no slot': 'having no slot',
  fault: 'a fault',
  outage: 'being down',
};

/** The item with most to tell: that of the most tries, of those the one that took longest. By its place in the record. */
export function mostToTell(items: readonly ItemRecord[]): number {
  const score = (it: ItemRecord): number => it.tries.length + 1 - 1 / (1 + it.endedAtMs - it.arrivesAtMs);
  return items.reduce((best, it, index) => (score(it) > score(items[best] ?? it) ? index : best), 0);
}
