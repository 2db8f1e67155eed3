// A Redis of its own, and processes that share it.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export class BenchRedis {
  port = 0;
  admin = undefined;
  #folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  #process = undefined;

  async start() {
    this.port = await freePort();
    const flags = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    this.#process = spawn('redis-server', flags, { stdio: 'ignore' });
    await new Promise((resolve, reject) => this.#process.once('spawn', resolve).once('error', reject));
    this.admin = new Redis(this.port, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    this.admin.on('error', () => undefined);
    await this.admin.ping();
    return this;
  }

  /** What Redis has executed, scripts and all that they have called, and the CPU that it took, since the last reset. */
  async figures() {
    const [stats, cpu] = [await this.admin.info('commandstats'), await this.admin.info('cpu')];
    const calls = Object.fromEntries(
      [...stats.matchAll(/cmdstat_(\S+):calls=(\d+)/g)]
        .map(([, command, count]) => [command, Number(count)])
        .filter(([command]) => !['info', 'config|resetstat', 'ping'].includes(command)),
    );
    const seconds = [...cpu.matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)].map(([, text]) => Number(text));
    return {
      calls,
      scripts: (calls.evalsha ?? 0) + (calls.eval ?? 0),
      commands: Object.values(calls).reduce((sum, count) => sum + count, 0),
      cpuMicroseconds: seconds.reduce((sum, count) => sum + count, 0) * 1e6,
    };
  }

  async stop() {
    this.admin.disconnect();
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Processes of one contestant, ready to go. */
export class Processes {
  #all;

  static async start(count, args) {
    const processes = new Processes();
    const script = new URL('redisWorker.js', import.meta.url).pathname;
    processes.#all = Array.from({ length: count }, () => fork(script, args.map(String)));
    await Promise.all(processes.#all.map((each) => answerOf(each)));
    return processes;
  }

  tell(message) {
    for (const each of this.#all) each.send(message);
  }

  /** What each of them answers. */
  ask(message) {
    return Promise.all(
      this.#all.map((each) => {
        const answer = answerOf(each);
        each.send(message);
        return answer;
      }),
    );
  }

  async end() {
    this.tell('stop');
    await sleep(50);
    await Promise.all(
      this.#all.map(async (each) => {
        if (each.exitCode !== null) return;
        const ended = once(each, 'exit');
        each.kill('SIGKILL');
        await ended;
      }),
    );
  }
}

function answerOf(child) {
  return new Promise((resolve, reject) => {
    const died = (code) => reject(new Error(`a process ended with ${code}`));
    child.once('exit', died);
    child.once('error', reject);
    child.once('message', (message) => {
      child.off('exit', died);
      resolve(message);
    });
  });
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
