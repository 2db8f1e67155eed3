/**
 * Streams for browsers, as server-sent events.
 *
 * @module sluice/sse
 */
export { sse, type SseOptions } from './sse.js';
export type { SseEvent } from './sseEvent.js';
export { keyedStates, type KeyedStates, type KeyedStatesOptions } from './keyedStates.js';
export { taskStates, type TaskState } from './taskStates.js';
export {
  plainError,
  plainEvent,
  plainSnapshot,
  type PlainError,
  type PlainEvent,
  type PlainSnapshot,
  type PlainUsage,
} from './plain.js';
export { encodeFrame, type Frame } from '../../src/sse/frame.js';
