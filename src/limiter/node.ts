import type { AsyncResource } from 'node:async_hooks';
import type { Channel } from 'node:diagnostics_channel';

// Node's own, asked for without an import, so that the engine runs where there is no Node.
const { process } = globalThis as { readonly process?: Partial<NodeJS.Process> };
const asyncHooks = process?.getBuiltinModule?.('node:async_hooks');
const diagnosticsChannels = process?.getBuiltinModule?.('node:diagnostics_channel');

/** What is current where it is made, as AsyncLocalStorage has it. */
export type AsyncContext = AsyncResource;

export function currentContext(): AsyncContext | undefined {
  return asyncHooks && new asyncHooks.AsyncResource('sluice');
}

export function diagnosticsChannel(name: string): Channel | undefined {
  return diagnosticsChannels?.channel(name);
}
