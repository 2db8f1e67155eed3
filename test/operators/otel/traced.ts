import { AsyncLocalStorage } from 'node:async_hooks';
import { context, ROOT_CONTEXT, type Context, type ContextManager } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { onTestFinished } from 'vitest';

/** A span that has ended, in figures that compare. */
export interface Traced {
  readonly name: string;
  readonly kind: number;
  readonly spanId: string;
  readonly traceId: string;
  readonly parent: string | undefined;
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message?: string };
  readonly events: readonly { readonly name: string; readonly atMs: number; readonly attributes?: object }[];
}

/** A real SDK that keeps the spans within the test. */
export class Tracing {
  readonly #exporter = new InMemorySpanExporter();
  readonly tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] });

  /** Those that have ended, in the order in which they began. */
  get spans(): readonly Traced[] {
    return this.#exporter
      .getFinishedSpans()
      .map((span) => ({
        name: span.name,
        kind: span.kind,
        attributes: span.attributes,
        status: span.status,
        spanId: span.spanContext().spanId,
        traceId: span.spanContext().traceId,
        parent: span.parentSpanContext?.spanId,
        startAtMs: ms(span.startTime),
        endAtMs: ms(span.endTime),
        events: span.events.map(({ name, time, attributes }) => ({
          name,
          atMs: ms(time),
          ...(attributes !== undefined && { attributes }),
        })),
      }))
      .sort((one, other) => one.startAtMs - other.startAtMs);
  }

  childrenOf({ spanId }: Traced): readonly Traced[] {
    return this.spans.filter(({ parent }) => parent === spanId);
  }
}

/** Lets what is active follow calls and promises, as an SDK for Node does, for one test. */
export function withContext(): void {
  context.setGlobalContextManager(new FollowingContext());
  onTestFinished(() => context.disable());
}

class FollowingContext implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    within: Context,
    run: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(within, () => run.apply(thisArg, args));
  }

  bind<T>(_within: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}

function ms([seconds, nanos]: readonly [number, number]): number {
  return seconds * 1_000 + nanos / 1_000_000;
}
