import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { backendFor, operatorToken, Person, type Backend } from './backend.js';
import { Following } from './following.js';

/** Prints, whenever it is told to, what the process holds after a collection. */
const probe = `data:text/javascript,${encodeURIComponent(
  `process.on('SIGUSR2', () => { gc(); gc(); console.log('heap ' + process.memoryUsage().heapUsed) })`,
)}`;

/** An event stream over a bare socket; one that is stalled never reads a byte. */
function stream({ backend, cookie }: Person, isStalled: boolean): Socket {
  const socket = connect(Number(new URL(backend.url).port), '127.0.0.1');
  if (isStalled) socket.pause();
  else socket.resume();
  socket.on('error', () => undefined);
  socket.write(`GET /api/events HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\n\r\n`);
  return socket;
}

async function operatorOf(backend: Backend): Promise<Person> {
  const admitted = await (await backend.person()).call('POST', '/api/operator', { token: operatorToken });
  return new Person(backend, admitted.headers.getSetCookie()[0]?.split(';')[0] ?? '');
}

it('serves 500 event streams, half of them stalled, in flat memory, and forgets them as they go', async () => {
  const env = { NODE_OPTIONS: `--expose-gc --import=${probe}`, WAITING: '200', TASKS: '10', TASKS_EACH: '1' };
  const taskMs = { min: 6_000, max: 12_000 };
  const backend = await backendFor({ env, simulator: { tasks: 10, taskMs } });
  const panel = new Following(await operatorOf(backend), '/api/operator/events');
  const streams = (): unknown => (panel.told.at(-1) as unknown as { readonly streams: number } | undefined)?.streams;
  const people = await Promise.all(Array.from({ length: 100 }, () => backend.person()));
  const sockets = people.flatMap((person) => Array.from({ length: 5 }, (_, i) => stream(person, i % 2 === 0)));
  await panel.until(() => streams() === 500);
  await Promise.all(people.slice(0, 50).map((person, i) => person.submit(`scene ${i}`)));
  const before = await backend.heapUsed();
  const followed = people.slice(0, 3).map((person) => new Following(person));
  await Promise.all(people.slice(0, 30).map((person, i) => person.submit(`another scene ${i}`)));
  for (const following of followed) {
    await following.until(() => following.tasks.size === 2 && following.phases().every((phase) => phase === 'done'));
  }
  const after = await backend.heapUsed();
  expect((after - before) / 1_048_576).toBeLessThan(8);
  for (const socket of sockets) socket.destroy();
  await panel.until(() => streams() === followed.length);
});
