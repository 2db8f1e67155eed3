/**
 * Metrics and spans of limiters and tasks, for OpenTelemetry.
 *
 * @module sluice/otel
 */
export { meterLimiter, type MeterLimiterOptions } from '../../src/otel/limiterMetrics.js';
export { observeTasks, type ObserveTasksOptions, type TaskTelemetry } from './observeTasks.js';
