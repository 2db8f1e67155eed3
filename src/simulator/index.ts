/**
 * A Kling of your own: a pure model of its limits, tasks and faults, and a server around it.
 *
 * @module sluice/simulator
 */
export type { Answer, KlingBody } from './answers.js';
export type { Books, TaskRecord } from './books.js';
export type { Callback } from './callbacks.js';
export { signCallback, type SignedMessage } from './callbackSignature.js';
export type { FaultName, Faults, Occurrence } from './faults.js';
export type { FileAnswer, FileRequest } from './fileAnswer.js';
export type { TaskMs, TaskStatus } from './life.js';
export { createKlingModel, type Announce, type AuthVerdict, type KlingModel, type KlingRequest } from './model.js';
export type { ModelOptions, TierName } from './modelOptions.js';
export { defaultCreditsOf, failMarker, forbiddenMarker } from './orders.js';
export type { NewProduct, Order, Product, V1Product } from './orders.js';
export type { OthersWindow } from './others.js';
export { parseFaults } from './parseFaults.js';
export type { RequestKind } from './routes.js';
export { seededRandom, type Random } from './seededRandom.js';
export { startSimulator, type Simulator, type SimulatorOptions } from './server.js';
export { createWire, type Delivery, type Wire, type WireOptions } from './wire.js';
