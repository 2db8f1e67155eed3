import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanKind } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { DataPointType, MeterProvider, type MetricData } from '@opentelemetry/sdk-metrics';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLimiter } from '../../../operators/createLimiter.js';
import { meterLimiter } from '../../../src/otel/limiterMetrics.js';
import { concurrency } from '../../../src/limits/concurrency.js';
import { Measured } from '../../otel/measured.js';
import { Machine } from '../machine.js';
import { Observed, rough, roughPrompts } from './observed.js';
import { Tracing, type Traced } from './traced.js';

/** All that there is to measure and to trace has happened: to a limiter, and to tasks of which some are an earlier run's. */
async function everything(meterProvider: MeterProvider, tracing: Tracing): Promise<void> {
  const limiter = createLimiter({ limits: [concurrency({ limit: 1 })], queue: { maxSize: 1 } });
  const never = new Promise<never>(() => undefined);
  meterLimiter(limiter, { name: 'api', meterProvider });
  for (let i = 0; i < 3; i++) limiter.run(() => never).catch(() => undefined);
  limiter.refused({ meaning: 'too-fast', hintMs: 1_000 });

  const machine = new Machine({
    faultOf: (sent) => {
      const isLost = sent.kind === 'look-up' && sent.nth === 1;
      if (isLost) return 'transient';
      return sent.prompt === 'fast' && sent.nth === 1 ? { meaning: 'too-fast', hintMs: 500 } : rough(sent);
    },
  });
  await machine.killed(50, { prompts: [{ prompt: 'earlier', takesMs: 400 }] });
  await Observed.toItsEnd({
    prompts: roughPrompts,
    clock: machine.clock,
    api: machine.server,
    journal: machine.journal(),
    meterProvider,
    tracing,
    concurrent: 'auto',
    name: 'videos',
  });
}

const measured = new Measured();
const tracing = new Tracing();
const page = readFileSync('docs/guides/telemetry.md', 'utf8');

/** The cells of the rows below a heading of the page. */
function table(heading: string): readonly (readonly string[])[] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) =>
    row
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
}

const quoted = (cell = ''): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

function keysOf(all: readonly { readonly attributes: object }[]): readonly string[] {
  return [...new Set(all.flatMap(({ attributes }) => Object.keys(attributes)))].sort();
}

function instrumentOf(metric: MetricData): string {
  if (metric.dataPointType === DataPointType.GAUGE) return 'gauge';
  if (metric.dataPointType !== DataPointType.SUM) return 'histogram';
  return metric.isMonotonic ? 'counter' : 'up-down counter';
}

beforeAll(() => everything(measured.meterProvider, tracing));

describe('docs/guides/telemetry.md', () => {
  it('lists each metric that there is, with its instrument, unit and attributes', async () => {
    const produced = (await measured.metrics()).map((metric) => [
      metric.descriptor.name,
      instrumentOf(metric),
      metric.descriptor.unit,
      keysOf(metric.dataPoints),
    ]);
    const listed = table('Metrics').map(([name, instrument, unit, attributes]) => [
      ...[quoted(name)[0], instrument, quoted(unit)[0], [...quoted(attributes)].sort()],
    ]);
    expect(listed).toHaveLength(21);
    expect(new Map(listed.map((row) => [row[0], row]))).toEqual(new Map(produced.map((row) => [row[0], row])));
  });

  it('need not say what a metric measures: each does so itself', async () => {
    const metrics = await measured.metrics();
    expect(metrics.filter(({ descriptor }) => descriptor.description === '')).toEqual([]);
  });

  it('lists each span that there is, with its kind and attributes, and no event that there is not', () => {
    const produced = [...new Set(tracing.spans.map(({ name }) => name))].map((name) => {
      const spans = tracing.spans.filter((span) => span.name === name);
      const kinds = new Set(spans.map(({ kind }) => SpanKind[kind]?.toLowerCase()));
      return [name, [...kinds].join(), keysOf(spans)];
    });
    const listed = table('Spans').map(([name, kind, attributes]) => [
      ...[quoted(name)[0], kind, [...quoted(attributes)].sort()],
    ]);
    expect(listed).toHaveLength(3);
    expect(new Map(listed.map((row) => [row[0], row]))).toEqual(new Map(produced.map((row) => [row[0], row])));
    const events = new Set(tracing.spans.flatMap((span: Traced) => span.events.map(({ name }) => name)));
    const told = /Its events are (.*?),\nfor/s.exec(page)?.[1];
    expect(new Set(quoted(told))).toEqual(events);
  });
});

/** The attributes as Prometheus has them. */
const labels: ReadonlySet<string> = new Set(
  table('Metrics').flatMap(([, , , attributes]) => quoted(attributes).map((name) => name.replaceAll('.', '_'))),
);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

describe('docs/grafana/sluice.json', () => {
  const dashboard = JSON.parse(readFileSync('docs/grafana/sluice.json', 'utf8')) as {
    readonly panels: readonly Panel[];
    readonly templating: { readonly list: readonly { readonly type: string; readonly definition?: string }[] };
  };
  const queries = [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.flatMap(({ definition = [] }) => definition),
  ];
  /** What a query selects: a name, or a pattern of names. */
  const selected = queries.flatMap((query) => [
    ...[...query.matchAll(/__name__=~"([^"]+)"/g)].map(([, pattern = '']) => pattern),
    ...[...query.replaceAll(/"[^"]*"/g, '').matchAll(/\bsluice_(?:limiter|task|client)_[a-z_]+/g)]
      .map(([name]) => name)
      .filter((name) => !labels.has(name)),
  ]);

  it('asks for nothing that a scrape does not have, by labels that it has there; and for all that there is', async () => {
    const series = await scraped();
    const names = [...series.keys()];
    for (const pattern of selected) {
      expect([pattern, names.some((name) => new RegExp(`^(${pattern})$`).test(name))]).toEqual([pattern, true]);
    }
    const shown = names.filter((name) => selected.some((pattern) => new RegExp(`^(${pattern})$`).test(name)));
    const families = new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    // The one metric whose name ends as a part of a histogram does.
    families.delete('sluice_task');
    families.add('sluice_task_count');
    expect([...families].filter((family) => !shown.some((name) => name.startsWith(family)))).toEqual([]);
    for (const query of queries) {
      const patterns = selected.filter((pattern) => query.includes(pattern));
      const asked = [...labels].filter((label) => new RegExp(`\\b${label}\\b`).test(query));
      const there = names.filter((name) => patterns.some((pattern) => new RegExp(`^(${pattern})$`).test(name)));
      const known = new Set(there.flatMap((name) => [...(series.get(name) ?? [])]));
      expect([query, asked.filter((label) => !known.has(label))]).toEqual([query, []]);
    }
    expect(selected.length).toBeGreaterThan(20);
  });

  it('finds durations by either of their names', () => {
    const durations = selected.filter((pattern) => /duration|remaining/.test(pattern));
    expect(durations.length).toBeGreaterThan(5);
    expect(durations.filter((pattern) => !pattern.includes('(_seconds)?'))).toEqual([]);
  });

  it('has panels of their own ids that do not overlap, and queries whose brackets close', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}:${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const query of queries) {
      const brackets = query.replaceAll(/"[^"]*"/g, '').replaceAll(/[^()[\]{}]/g, '');
      expect([query, closed(brackets)]).toEqual([query, '']);
    }
  });
});

/** The names of a real scrape, over HTTP, each with its labels. */
async function scraped(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [exporter] });
  await everything(meterProvider, new Tracing());
  const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
    expect(answer.status).toBe(200);
    const series = new Map<string, Set<string>>();
    for (const [, name = '', braces = ''] of (await answer.text()).matchAll(/^(sluice_\w+)(?:\{(.*)\})? \S+/gm)) {
      const known = series.get(name) ?? new Set();
      for (const [, label = ''] of braces.matchAll(/(\w+)="/g)) known.add(label);
      series.set(name, known);
    }
    return series;
  } finally {
    server.close();
    await meterProvider.shutdown();
  }
}

/** What is left of brackets once all pairs are gone. */
function closed(brackets: string): string {
  const without = brackets.replaceAll(/\(\)|\[\]|\{\}/g, '');
  return without === brackets ? brackets : closed(without);
}
