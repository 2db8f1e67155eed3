import { readNewOrder } from './newOrder.js';
import type { OrderReading } from './orderFields.js';
import { forbiddenMarker, type NewProduct, type V1Product } from './orders.js';
import { readV1Order } from './v1Order.js';

/** The endpoint that a create was sent to: the new API has the model in its path. */
export type CreateTarget = { readonly product: V1Product } | { readonly product: NewProduct; readonly model: string };

/** Reads the body of a create as the documentation of its endpoint has it; any model name is accepted. */
export function readOrder(target: CreateTarget, body: unknown): OrderReading {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { ok: false, code: 1200, message: 'the body must be a JSON object' };
  }
  const isNew = 'model' in target;
  const reading = isNew ? readNewOrder(target.product, target.model, body) : readV1Order(target.product, body);
  if (!reading.ok || !reading.order.prompt.includes(forbiddenMarker)) return reading;
  return { ok: false, code: 1301, message: 'The prompt triggers the content safety policy' };
}
