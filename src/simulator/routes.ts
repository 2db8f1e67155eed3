import { products, type Product } from './orders.js';

export type Route =
  | { readonly kind: 'create'; readonly product: Product }
  | { readonly kind: 'query'; readonly product: Product; readonly id: string }
  | { readonly kind: 'list'; readonly product: Product; readonly query: string }
  | { readonly kind: 'costs'; readonly query: string }
  | { readonly kind: 'unknown' };

export type RequestKind = Route['kind'];

const byPath: ReadonlyMap<string, Product> = new Map(products.map((product) => [`/v1/${product}`, product]));
const unknown: Route = { kind: 'unknown' };

/** Which of the endpoints a request means. `target` is the path with its query, as in the first line of HTTP. */
export function routeOf(method: string, target: string): Route {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  if (method === 'GET' && path === '/account/costs') return { kind: 'costs', query };
  const product = byPath.get(path);
  if (product !== undefined && method === 'POST') return { kind: 'create', product };
  if (product !== undefined && method === 'GET') return { kind: 'list', product, query };
  const slash = path.lastIndexOf('/');
  const parent = byPath.get(path.slice(0, slash));
  const id = path.slice(slash + 1);
  return parent !== undefined && method === 'GET' && id !== '' ? { kind: 'query', product: parent, id } : unknown;
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
