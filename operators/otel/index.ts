export { meterLimiter, type MeterLimiterOptions } from '../../src/otel/limiterMetrics.js';
export { observeTasks, type ObserveTasksOptions, type TaskTelemetry } from './observeTasks.js';
