import { Account } from './account.js';
import type { RefusalCode } from './answers.js';
import type { Strikes } from './faults.js';
import { beginTask, type Task } from './life.js';
import type { ModelSettings } from './modelOptions.js';
import { newCreatedData, newTaskData } from './newTaskData.js';
import { weightOf, type V1Product } from './orders.js';
import { packsData } from './packs.js';
import { readOrder } from './readOrder.js';
import { wholeNumber, type Route } from './routes.js';
import type { Random } from './seededRandom.js';
import { TaskTable } from './taskTable.js';
import { v1CreatedData, v1TaskData } from './v1TaskData.js';

/** What is decided about a request: the data of its answer (and the task that it made), or the refusal. */
export type Ruling =
  | { readonly ok: true; readonly data: unknown; readonly created?: Task }
  | {
      readonly ok: false;
      readonly code: RefusalCode;
      readonly message?: string;
      /** Refused because its external id exists, or because others hold the slots. */
      readonly because?: 'duplicate' | 'others';
    };

/** How many tasks one request may name. */
const maxIds = 20;

/** What Kling does for a request that has passed the credentials and the rate: tasks, their slots and their price. */
export class Service {
  readonly #settings: ModelSettings;
  readonly #account: Account;
  readonly #tasks = new TaskTable();

  constructor(settings: ModelSettings) {
    this.#settings = settings;
    this.#account = new Account(settings);
  }

  get tasks(): readonly Task[] {
    return this.#tasks.all;
  }

  taskOf(id: string): Task | undefined {
    return this.#tasks.byId(id);
  }

  rule(route: Route, body: unknown, strikes: Strikes, nowMs: number, random: Random): Ruling {
    if (route.kind === 'create') return this.#create(route, body, strikes, nowMs, random);
    if (route.kind === 'query') {
      return route.isNew ? this.#queryAll(route.query, nowMs) : this.#query(route.product, route.id, nowMs);
    }
    if (route.kind === 'list') return this.#list(route.product, route.query, nowMs);
    if (route.kind === 'costs') return this.#costs(route.query, nowMs);
    return { ok: false, code: 1202 };
  }

  #create(route: Route & { kind: 'create' }, body: unknown, strikes: Strikes, nowMs: number, random: Random): Ruling {
    const reading = readOrder(route, body);
    if (!reading.ok) return reading;
    const { order } = reading;
    if (order.externalId !== undefined && this.#tasks.byExternalId(order.externalId) !== undefined) {
      const message = `external_task_id ${order.externalId} already exists`;
      return { ok: false, code: 1201, message, because: 'duplicate' };
    }
    const weight = weightOf(order);
    if (this.#account.isCrowded(weight, nowMs)) return { ok: false, code: 1303, because: 'others' };
    if (!this.#account.hasRoom(weight, nowMs) || strikes('noSlot')) return { ok: false, code: 1303 };
    const { creditsOf, deductionOf, taskMs, firstTask } = this.#settings;
    const credits = creditsOf(order);
    if (!this.#account.canPay(credits, nowMs)) return { ok: false, code: 1102 };

    const id = taskIdOf(firstTask + this.#tasks.all.length);
    const deduction = deductionOf === undefined ? credits : deductionOf(order);
    const beginning = { id, order, credits, deduction, failing: strikes('failing') };
    const task = beginTask(beginning, taskMs, nowMs, random);
    this.#tasks.add(task);
    this.#account.add(task);
    const dataOf = route.isNew ? newCreatedData : v1CreatedData;
    return { ok: true, data: dataOf(task, nowMs, this.#settings), created: task };
  }

  #query(product: V1Product, id: string, nowMs: number): Ruling {
    const task = this.#tasks.find(product, id);
    if (task === undefined) return { ok: false, code: 1201, message: `Task not found by id/external id ${id}` };
    return { ok: true, data: v1TaskData(task, nowMs, this.#settings) };
  }

  /** Tasks of either API in the order asked, each once; those that are not there are left out. */
  #queryAll(query: string, nowMs: number): Ruling {
    const given = new URLSearchParams(query);
    const [ids, externalIds] = [given.get('task_ids'), given.get('external_task_ids')];
    if ((ids === null) === (externalIds === null)) {
      return { ok: false, code: 1201, message: 'give task_ids or external_task_ids, one of the two' };
    }
    const asked = (ids ?? externalIds ?? '').split(',');
    if (asked.length > maxIds || asked.includes('')) {
      return { ok: false, code: 1201, message: `must be 1 to ${maxIds} ids with a comma between them` };
    }
    const find = (id: string): Task | undefined => (ids === null ? this.#tasks.byExternalId(id) : this.#tasks.byId(id));
    const found = [...new Set(asked)].flatMap((id) => find(id) ?? []);
    return { ok: true, data: found.map((task) => newTaskData(task, nowMs, this.#settings)) };
  }

  #list(product: V1Product, query: string, nowMs: number): Ruling {
    const pageNum = wholeNumber(query, 'pageNum', { min: 1, max: 1_000, byDefault: 1 });
    if (pageNum === undefined) return notBetween('pageNum', 1, 1_000);
    const pageSize = wholeNumber(query, 'pageSize', { min: 1, max: 500, byDefault: 30 });
    if (pageSize === undefined) return notBetween('pageSize', 1, 500);
    const page = this.#tasks.page(product, pageNum, pageSize);
    return { ok: true, data: page.map((task) => v1TaskData(task, nowMs, this.#settings)) };
  }

  #costs(query: string, nowMs: number): Ruling {
    for (const name of ['start_time', 'end_time']) {
      if (wholeNumber(query, name, { min: 0, max: 1e15 }) === undefined) return notBetween(name, 0, 1e15);
    }
    return { ok: true, data: packsData(this.#settings.tasks, this.#account.spent(nowMs)) };
  }
}

function notBetween(name: string, min: number, max: number): Ruling {
  return { ok: false, code: 1201, message: `${name}: must be a whole number from ${min} to ${max}` };
}

/** Like Kling's: digits, more than a JavaScript number can hold. */
function taskIdOf(number: number): string {
  return `8${String(number).padStart(17, '0')}`;
}
