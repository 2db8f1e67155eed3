import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openCallbacks } from '../../bin/callbacks.js';
import { until } from '../until.js';

it('holds no more than a hundred connections open, and still answers on those', async () => {
  const callbacks = await openCallbacks({ callbackPort: 0, simulate: true }, {});
  const { port } = new URL(callbacks?.url ?? '');
  const sockets: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await callbacks?.close();
  });
  let hungUp = 0;
  for (let i = 0; i < 120; i += 1) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined).on('close', () => (hungUp += 1));
    sockets.push(socket);
    await once(socket, 'connect');
  }
  await until(() => hungUp === 20);
  sockets[0]?.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [answer] = (await once(sockets[0]!, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 405 /);
});
