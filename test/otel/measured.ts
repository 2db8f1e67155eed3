import type { Attributes } from '@opentelemetry/api';
import { MeterProvider, MetricReader, type Histogram, type MetricData } from '@opentelemetry/sdk-metrics';

/** A point of a metric; of a histogram its count and sum. */
export interface Point {
  readonly attributes: Attributes;
  readonly value: number | { readonly count: number; readonly sum: number | undefined };
}

class Reader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** A real SDK that keeps what is measured within the test. */
export class Measured {
  readonly #reader = new Reader();
  readonly meterProvider = new MeterProvider({ readers: [this.#reader] });

  /** All metrics that have a point, as they stand. */
  async metrics(): Promise<readonly MetricData[]> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors);
    return resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .filter(({ dataPoints }) => dataPoints.length > 0);
  }

  async points(name: string): Promise<readonly Point[]> {
    const metric = (await this.metrics()).find(({ descriptor }) => descriptor.name === name);
    return (metric?.dataPoints ?? []).map(({ attributes, value }) => ({ attributes, value: plain(value) }));
  }

  /** The sum of a counter's points, or the count of a histogram's, that have these attributes. */
  async total(name: string, attributes: Attributes = {}): Promise<number> {
    const points = (await this.points(name)).filter((point) =>
      Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
    );
    return points.reduce((sum, { value }) => sum + (typeof value === 'number' ? value : value.count), 0);
  }
}

function plain(value: number | Histogram | object): Point['value'] {
  if (typeof value === 'number') return value;
  const { count, sum } = value as Histogram;
  return { count, sum };
}
