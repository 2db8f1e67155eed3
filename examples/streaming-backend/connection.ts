import { scaledClock, systemClock, type Clock } from 'sluice';
import { createKlingClient, type KlingClient } from 'sluice/kling';
import { startSimulator } from 'sluice/simulator';
import type { Settings } from './settings.js';

/** Kling, or what stands for it. */
export interface Connection {
  readonly client: KlingClient;
  /** Its time. */
  readonly clock: Clock;
  /** How long a task takes, as far as anybody knows before the first has ended, in ms of our time. */
  readonly typicalMs: number;
  readonly isSimulated: boolean;
  close(): Promise<void>;
}

const typicalTaskMs = 50_000;

/** The key stays in here: no answer, no log and no error has it. */
export async function connect(settings: Settings): Promise<Connection> {
  const { KLING_API_KEY: apiKey, KLING_BASE_URL: baseUrl } = settings;
  if (apiKey === undefined) return connectSimulated(settings);
  const client = createKlingClient({ apiKey, baseUrl });
  return { client, clock: systemClock, typicalMs: typicalTaskMs, isSimulated: false, close: () => client.close() };
}

async function connectSimulated({ SIMULATOR_SPEED: speed, TASKS, REQUESTS_PER_MINUTE }: Settings): Promise<Connection> {
  const simulator = await startSimulator({ speed, tasks: TASKS, requests: REQUESTS_PER_MINUTE, apiKeys: ['sim-key'] });
  const client = createKlingClient({ apiKey: 'sim-key', baseUrl: simulator.url });
  return {
    client,
    clock: scaledClock(systemClock, speed),
    typicalMs: typicalTaskMs / speed,
    isSimulated: true,
    close: async () => {
      await client.close();
      await simulator.stop();
    },
  };
}
