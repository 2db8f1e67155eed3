import type { GenerateResult } from '../../operators/generating/generateEvents.js';
import { nextTurn } from '../../src/clock.js';
import { createKlingModel, type KlingModel, type KlingRequest } from '../../src/simulator/model.js';
import { between, oneOf, seededRandom, type Random } from '../../src/simulator/seededRandom.js';
import { createWire, type Delivery, type Wire } from '../../src/simulator/wire.js';
import { VirtualClock } from '../../src/virtualClock.js';
import { SimulatedDisk, type DiskOperation, type Fault } from '../journal/simulatedDisk.js';
import { Life, type Surroundings } from './life.js';
import type { Kill, Scenario } from './scenario.js';

/** As many lives as anybody's patience; more of them, and nothing goes on. */
const mostLives = 400;
/** The virtual time after which a life that is not killed should have come to its end. */
const longestLifeMs = 10 * 86_400_000;

/**
 * A whole run, in one process, on one virtual clock and one seed: the model of Kling, a network that loses, doubles and
 * keeps what it carries, a disk that tears, and one process after the other that is killed and started again.
 */
export class World {
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #model: KlingModel;
  readonly #disk: SimulatedDisk;
  readonly #wire: Wire;
  /** What whoever reads the results has, by id. */
  readonly #results = new Map<string, GenerateResult<string>>();
  #prompts: readonly string[];
  #lives = 0;
  #life: Life | undefined;
  #kill: Kill | undefined;
  #operations = 0;

  constructor(scenario: Scenario) {
    const { seed, concurrent, rate, faults, others, prompts } = scenario;
    this.#scenario = scenario;
    this.#prompts = prompts;
    this.#random = seededRandom(seed);
    this.#model = createKlingModel({
      tasks: concurrent,
      requests: 'off',
      faults,
      others,
      ...(rate === 'off' ? {} : { requests: rate.limit, intervalMs: rate.intervalMs }),
    });
    this.#disk = new SimulatedDisk({
      random: seededRandom(seed + 1),
      fault: (operation) => this.#diskFault(operation),
    });
    this.#wire = this.#network(createWire({ model: this.#model, clock: this.#clock, random: this.#random }));
  }

  /** Runs to the end. @throws Error naming what did not hold */
  async run(): Promise<void> {
    const { kills, wallSteps, appended, prompts } = this.#scenario;
    for (const [index, kill] of kills.entries()) {
      await this.#live(kill);
      this.#clock.stepWall(wallSteps[index] ?? 0);
      if (index === 0) this.#prompts = [...prompts, ...appended];
    }
    this.#prompts = [...prompts, ...appended];
    while (!isComplete(await this.#live(undefined), this.#prompts.length)) {
      if (this.#lives > mostLives) throw new Error(`no end after ${mostLives} lives: ${this.#missing()}`);
    }
    this.#checkAtEnd();
  }

  async #live(kill: Kill | undefined): Promise<Life> {
    this.#lives++;
    this.#operations = 0;
    this.#kill = kill;
    const life = (this.#life = new Life(this.#scenario, this.#prompts, this.#surroundings(), kill));
    await this.#clock.settle(longestLifeMs, () => {
      this.#checkAlways();
      return life.isOver;
    });
    if (!life.isOver) throw new Error(`a life did not come to its end: ${this.#missing()}`);
    // A process that ends by itself has let go of its journal before.
    await nextTurn();
    this.#disk.kill();
    if (life.error !== undefined && (kill === undefined || this.#scenario.diskFaults === 0)) throw life.error;
    return life;
  }

  #surroundings(): Surroundings {
    return {
      clock: this.#clock,
      disk: this.#disk.boot(),
      wire: this.#wire,
      random: this.#random,
      keep: (result) => this.#keep(result),
      killed: () => (this.#kill?.isCrash ? this.#disk.crash() : this.#disk.kill()),
    };
  }

  /** What becomes of the next operation on the disk. */
  #diskFault({ kind: what }: DiskOperation): Fault | undefined {
    const kill = this.#kill;
    if (kill === undefined) return undefined;
    if ('operation' in kill && ++this.#operations === kill.operation) this.#life?.kill();
    if (this.#random() >= this.#scenario.diskFaults) return undefined;
    return oneOf(what === 'append' ? ['ENOSPC', 'EIO', 'short'] : ['ENOSPC', 'EIO'], this.#random);
  }

  #keep(result: GenerateResult<string>): void {
    if (!result.isFinal) return;
    const before = this.#results.get(result.id);
    if (before !== undefined && (before.status !== result.status || before.taskId !== result.taskId)) {
      throw new Error(
        `${result.id} was ${before.status} (${before.taskId}), and is now ${result.status} (${result.taskId})`,
      );
    }
    this.#results.set(result.id, result);
  }

  /** Requests that are carried twice, lost, or late: on their way there, and on their way back. */
  #network(wire: Wire): Wire {
    const { doubled, lost, late } = this.#scenario.network;
    const random = seededRandom(this.#scenario.seed + 2);
    const carry = (act: () => void): void => {
      if (random() < lost) return;
      if (random() < late) this.#clock.schedule(between(1_000, 120_000, random), act);
      else act();
    };
    return {
      send: (request: KlingRequest, deliver: (delivery: Delivery) => void) => {
        this.#checkWritten(request);
        carry(() => wire.send(request, (delivery) => carry(() => deliver(delivery))));
        if (random() < doubled) carry(() => wire.send(request, () => undefined));
      },
      close: () => wire.close(),
    };
  }

  /** Nothing leaves that is to be paid for before its intent is on disk. */
  #checkWritten({ method, body }: KlingRequest): void {
    if (method !== 'POST') return;
    const [, id = 'no id'] = /"external_task_id":"([^"]*)"/.exec(JSON.stringify(body)) ?? [];
    const journal = Buffer.from(this.#disk.bytesOf('out/journal.log') ?? []).toString();
    if (!journal.includes(`"type":"intent","id":"${id}"`)) throw new Error(`${id} was sent and not written down`);
  }

  /** What must hold at every instant. */
  #checkAlways(): void {
    const { concurrent, dailyCredits, wallSteps } = this.#scenario;
    const books = this.#model.books(this.#clock.now());
    if (books.greatestRunning > concurrent) throw new Error(`${books.greatestRunning} tasks ran at once`);
    if (this.#isAlone && books.refused[1303] !== undefined) throw new Error('sent more than there were slots for');
    const byId = new Set(books.tasks.map(({ externalId }) => externalId));
    if (byId.size !== books.created) throw new Error('two tasks have one id');
    const mayHaveFailed = this.#scenario.retryFailed;
    const most = this.#prompts.length + (mayHaveFailed ? books.ended.failed : 0);
    if (books.created > most) throw new Error(`${books.created} tasks for ${this.#prompts.length} prompts`);
    const isWallTrue = wallSteps.every((byMs) => byMs === 0);
    if (dailyCredits === 'off' || !isWallTrue || !this.#isPunctual) return;
    for (const { spent } of books.credits.byDay) {
      if (spent > dailyCredits) throw new Error(`${spent} credits were spent in a day that has ${dailyCredits}`);
    }
  }

  /** True where nobody and nothing but ourselves can take a slot. */
  get #isAlone(): boolean {
    const { isAuto, faults, others } = this.#scenario;
    return !isAuto && !faults.noSlot && others.length === 0 && this.#isPunctual;
  }

  /**
   * True where what was looked for and not found does not come after all: no request is on its way for longer than its
   * sender waits. Otherwise no task is paid twice either, but one more than is known of may run.
   */
  get #isPunctual(): boolean {
    const { network, faults } = this.#scenario;
    return network.late === 0 && network.doubled === 0 && (faults.latencyMs?.max ?? 0) < 10_000;
  }

  #missing(): string {
    const ended = [...this.#results.values()].map(({ prompt }) => prompt);
    return `${ended.length} results (${ended.join(', ')}) for ${this.#prompts.join(', ')}`;
  }

  #checkAtEnd(): void {
    const { tasks } = this.#model.books(this.#clock.now());
    const results = [...this.#results.values()];
    for (const { externalId = '', taskId, prompt, status } of tasks) {
      const result = this.#results.get(externalId);
      // A failed one may have been made once more before anybody was told of it.
      if (result === undefined && status === 'failed' && this.#scenario.retryFailed) continue;
      if (result === undefined) throw new Error(`task ${taskId} of "${prompt}" was paid for, and has no result`);
      const ended = status === 'succeed' ? 'succeeded' : status;
      if (result.status !== ended || result.taskId !== taskId || result.prompt !== prompt) {
        throw new Error(`task ${taskId} of "${prompt}" is ${status}; told was ${result.status} of "${result.prompt}"`);
      }
    }
    for (const { id, status } of results) {
      const isThere = tasks.some(({ externalId }) => externalId === id);
      if (status === 'succeeded' && !isThere) throw new Error(`${id} has a result, and no task`);
    }
    for (const prompt of new Set(this.#prompts)) this.#checkMade(prompt);
  }

  /** As many good results as the prompt stands in the file, unless its tasks cannot succeed. */
  #checkMade(prompt: string): void {
    const wanted = this.#prompts.filter((each) => each === prompt).length;
    const results = [...this.#results.values()].filter((result) => result.prompt === prompt);
    const good = results.filter(({ status }) => status === 'succeeded').length;
    if (good > wanted) throw new Error(`${good} results of "${prompt}", which was asked for ${wanted} times`);
    if (results.length < wanted) throw new Error(`${results.length} results of "${prompt}" for ${wanted}`);
  }
}

/** True where a life has told of each prompt once, and for good. */
function isComplete({ results }: Life, prompts: number): boolean {
  const told = new Set(results.map(({ index }) => index));
  if (told.size !== prompts) throw new Error(`a life that ended told of ${told.size} of ${prompts} prompts`);
  const final = results.filter(({ isFinal }) => isFinal).map(({ index }) => index);
  if (new Set(final).size !== final.length) throw new Error('a prompt has two final results');
  return final.length === prompts;
}
