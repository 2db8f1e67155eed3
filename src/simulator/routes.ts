import { newProducts, v1Products, type NewProduct, type V1Product } from './orders.js';

/** An endpoint. Those of the new API say so, and take no signed token. */
export type Route =
  | { readonly kind: 'create'; readonly isNew: false; readonly product: V1Product }
  | { readonly kind: 'create'; readonly isNew: true; readonly product: NewProduct; readonly model: string }
  | { readonly kind: 'query'; readonly isNew: false; readonly product: V1Product; readonly id: string }
  | { readonly kind: 'query'; readonly isNew: true; readonly query: string }
  | { readonly kind: 'list'; readonly isNew: false; readonly product: V1Product; readonly query: string }
  | { readonly kind: 'costs'; readonly isNew: false; readonly query: string }
  | { readonly kind: 'unknown'; readonly isNew: false };

/** `query` is a task by its id on `/v1`, and up to 20 of them in `GET /tasks`. */
export type RequestKind = Route['kind'];

const v1ByPath: ReadonlyMap<string, V1Product> = new Map(v1Products.map((product) => [`/v1/${product}`, product]));
const newByPath: ReadonlyMap<string, NewProduct> = new Map(newProducts.map((product) => [`/${product}`, product]));
const unknown: Route = { kind: 'unknown', isNew: false };

/** Which of the endpoints a request means. `target` is the path with its query, as in the first line of HTTP. */
export function routeOf(method: string, target: string): Route {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  if (method === 'POST') return createAt(path);
  if (method !== 'GET') return unknown;
  if (path === '/account/costs') return { kind: 'costs', isNew: false, query };
  if (path === '/tasks') return { kind: 'query', isNew: true, query };
  const product = v1ByPath.get(path);
  if (product !== undefined) return { kind: 'list', isNew: false, product, query };
  const [parent, id] = parted(path);
  const queried = v1ByPath.get(parent);
  return queried === undefined || id === '' ? unknown : { kind: 'query', isNew: false, product: queried, id };
}

function createAt(path: string): Route {
  const product = v1ByPath.get(path);
  if (product !== undefined) return { kind: 'create', isNew: false, product };
  const [parent, model] = parted(path);
  const made = newByPath.get(parent);
  return made === undefined || model === '' ? unknown : { kind: 'create', isNew: true, product: made, model };
}

function parted(path: string): readonly [parent: string, last: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, slash), path.slice(slash + 1)];
}

/** A whole number of the query within [min, max]; the default where it is not given, undefined where it is not valid. */
export function wholeNumber(query: string, name: string, range: NumberRange): number | undefined {
  const text = query === '' ? null : new URLSearchParams(query).get(name);
  if (text === null) return range.byDefault;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= range.min && value <= range.max ? value : undefined;
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly byDefault?: number;
}
