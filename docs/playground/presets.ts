import { defaults, type Settings } from './scenario.js';

export interface Preset {
  readonly title: string;
  /** What to look at. */
  readonly about: string;
  readonly settings: Settings;
}

/** Everybody has come before the server has, and it has few slots: what counts is how the retries are spread. */
const comeback: Partial<Settings> = {
  items: 100,
  window: false,
  serverWindow: false,
  serverSlots: true,
  serverSlotCount: 20,
  taskMinMs: 300,
  taskMaxMs: 900,
  latencyMaxMs: 100,
  outageForMs: 20_000,
  reads: false,
  maxRetries: 10,
};

export const presets: readonly Preset[] = [
  preset(
    'A burst into 30 a minute',
    {},
    'Thirty go at once, the rest as the window lets them: four waves, no refusal.',
  ),
  preset(
    'Three slots, minutes long',
    {
      items: 24,
      taskMinMs: 60_000,
      taskMaxMs: 180_000,
      slowShare: 5,
      slowMaxMs: 300_000,
      slots: true,
      serverSlots: true,
      rows: 'slot',
    },
    'Like Kling at its standard tier: 3 tasks at once, 30 requests a minute. A slot is never idle while something waits.',
  ),
  preset(
    'Naive: counted at the start',
    { countUntil: 'start', latencyMinMs: 50, latencyMaxMs: 3_000, reads: false, jitter: 'none' },
    'Counted as they are sent, requests bunch on the way, and a server that counts arrivals sees more than 30.',
  ),
  preset('A server comes back: no jitter', { ...comeback, jitter: 'none' }, 'All try again at the same instants.'),
  preset('A server comes back: proportional jitter', { ...comeback, jitter: 'proportional' }, 'The same, spread out.'),
  preset(
    'Three users, one greedy',
    { items: 180, users: 3, greed: 10, slots: true, slotCount: 5, serverSlots: true, serverSlotCount: 5 },
    'A brings ten times as much as B or C, who take their turns and are done long before. Try it without turns.',
  ),
];

function preset(title: string, changes: Partial<Settings>, about: string): Preset {
  return { title, about, settings: { ...defaults, ...changes } };
}
