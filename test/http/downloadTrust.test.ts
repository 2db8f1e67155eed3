import { readFile, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { classifyDownload } from '../../src/http/classifyDownload.js';
import { downloadBench, failureOf, serving, video } from './downloadBench.js';
import { status } from './loopback.js';

const content = video(1_000);
const etag = '"v1"';

/** Takes whatever address is asked for, with TLS or without, to this port of ours. */
function leadingTo(port: string): Agent {
  const agent = new Agent({
    connect: (_, done) => {
      const socket = connect(Number(port), '127.0.0.1', () => done(null, socket));
      socket.on('error', (error) => done(error, null));
    },
  });
  onTestFinished(() => agent.destroy());
  return agent;
}

describe('a redirect from https', () => {
  it.each(['http://127.0.0.1/latest/meta-data', 'http://cdn.test/v.mp4'])('should not lead to %s', async (location) => {
    const bench = await downloadBench(status(302, { location }));
    const dispatcher = leadingTo(new URL(bench.url).port);
    const error = await failureOf(bench.fetch({ url: 'https://kling.test/v.mp4', dispatcher }));
    expect(error.message).toBe('https://kling.test/v.mp4: it leads to an address that is not https');
    expect(classifyDownload(error)).toEqual({ meaning: 'invalid' });
    expect(bench.asked).toHaveLength(1);
    expect(await bench.files()).toEqual([]);
  });

  it.each(['HTTPS://kling.test/v.mp4', ' https://kling.test/v.mp4'])(
    'should not lead out of TLS however its scheme is written: %j',
    async (url) => {
      const bench = await downloadBench();
      bench.reply = (response, request, arrival) => {
        if (request.headers.host === 'cdn.test') serving(content)(response, request, arrival);
        else response.writeHead(302, { location: 'http://cdn.test/v.mp4' }).end();
      };
      const dispatcher = leadingTo(new URL(bench.url).port);
      const error = await failureOf(bench.fetch({ url, dispatcher }));
      expect(error.message).toBe('https://kling.test/v.mp4: it leads to an address that is not https');
      expect(bench.asked).toHaveLength(1);
    },
  );

  it('should lead to another address of https', async () => {
    const bench = await downloadBench();
    bench.reply = (response, request, arrival) => {
      if (request.headers.host === 'cdn.test') serving(content)(response, request, arrival);
      else response.writeHead(302, { location: 'https://cdn.test/v.mp4' }).end();
    };
    const dispatcher = leadingTo(new URL(bench.url).port);
    await bench.fetch({ url: 'https://kling.test/v.mp4', dispatcher });
    expect(await bench.holds(content)).toBe(true);
  });
});

describe('what lies where a part should', () => {
  const origin = { validator: etag, bytes: content.length };

  it('should be left alone where it is a link to something else', async () => {
    const bench = await downloadBench(serving(content, { etag }));
    const victim = join(bench.folder, 'victim');
    await writeFile(victim, content.subarray(0, 500));
    await symlink(victim, `${bench.file}.part`);
    await writeFile(`${bench.file}.part.json`, JSON.stringify({ url: bench.url, ...origin }));
    expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
    expect(await bench.holds(content)).toBe(true);
    expect((await readFile(victim)).equals(content.subarray(0, 500))).toBe(true);
  });

  it.each(['"v\r\nx: y"', '"v\0"', '"猫"'])(
    'should be begun anew where it is of %j, which no request can hold',
    async (validator) => {
      const bench = await downloadBench(serving(content, { etag }));
      await writeFile(`${bench.file}.part`, content.subarray(0, 500));
      await writeFile(`${bench.file}.part.json`, JSON.stringify({ url: bench.url, ...origin, validator }));
      expect(await bench.fetch()).toEqual({ bytes: content.length, resumed: false });
    },
  );
});
