import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { channel, provideWorkers, Ticker, Worker } from '@nestjs-workers/core';
import { WorkersPrometheus } from '@nestjs-workers/core/prometheus';
import { until } from '@nestjs-workers/core/testing';
import { durable, OutboxModule } from '@nestjs-workers/outbox';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Bare, BareThread, Notes } from '../isolates/fixtures/traced.js';
import { startedOnce } from '../support/application.js';

const Uploads = channel<string>('uploads', { buffer: 1, bufferType: 'dropping' });
const Letters = durable<string>('letters');

@Worker({ in: Uploads, expose: true })
class Resizer {
  handle(): void {
    throw new Error('no picture');
  }
}

@Worker({ in: Letters, expose: true })
class Mailer {
  handle(): void {}
}

@Ticker({ every: '1h' })
class Clock {
  tick(): void {}
}

/** What Prometheus adds to what it scrapes. */
const SCRAPED = ['job', 'instance'];

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: object;
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const dashboard = JSON.parse(text('nestjs-workers.json')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
};
const rules = (parse(text('nestjs-workers.alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (one) => one.rules,
);
const charts = dashboard.panels.filter(({ type }) => type !== 'row');
const queries = charts.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));

function text(file: string): string {
  return readFileSync(new URL(`../../docs/guide/grafana/${file}`, import.meta.url), 'utf8');
}

/** What a query asks for: which metrics, which labels of each, and by which labels it groups. */
function askedBy(query: string) {
  const expr = query.replaceAll('$__rate_interval', '5m');
  const tree = parser.parse(expr);
  const metrics = new Map<string, Set<string>>();
  const grouped = new Set<string>();
  const wrong: string[] = [];
  let latest: Set<string> | undefined;
  tree.iterate({
    enter: ({ name, type, from, to, node }) => {
      const said = expr.slice(from, to);
      if (type.isError) wrong.push(`at ${from}: ${expr.slice(from, from + 20)}`);
      if (name === 'VectorSelector') latest = undefined;
      if (name === 'Identifier') metrics.set(said, (latest = metrics.get(said) ?? new Set()));
      if (name === 'LabelName' && node.parent?.name === 'GroupingLabels') grouped.add(said);
      else if (name === 'LabelName') latest?.add(said);
    },
  });
  return { metrics, grouped: [...grouped], wrong };
}

describe('the Grafana dashboard and the alert rules', () => {
  const application = startedOnce({
    channels: [Uploads, Letters, Bare, Notes],
    providers: [WorkersPrometheus, Resizer, Mailer, Clock, ...provideWorkers(BareThread)],
    imports: [OutboxModule.forRoot({ store: memoryStore() })],
  });
  /** The labels of each metric, as an application with something of everything serves them. */
  const served = new Map<string, readonly string[]>();

  beforeAll(async () => {
    const { gateway, moduleRef } = application();
    await gateway.request(Resizer, 'x').catch(() => {});
    await gateway.command(Mailer, 'x');
    for (let sent = 0; sent < 3; sent++) gateway.channel(Uploads).next('x');
    await until(() => gateway.stats().channels['letters']?.stored !== undefined, '10s');
    for (const line of (await moduleRef.get(WorkersPrometheus).text()).split('\n')) {
      const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
      if (name !== undefined && !line.startsWith('#'))
        served.set(
          name,
          [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label as string),
        );
    }
  });

  it('ask for what is served, by labels that it has', () => {
    const all = [...queries.map(({ title, expr }) => [title, expr]), ...rules.map(({ alert, expr }) => [alert, expr])];
    expect(all.length).toBeGreaterThan(40);
    for (const [who, expr] of all as [string, string][]) {
      const { metrics, grouped, wrong } = askedBy(expr);
      expect([who, wrong]).toEqual([who, []]);
      expect([who, metrics.size > 0]).toEqual([who, true]);
      const known = [...metrics].map(([name, labels]) => {
        expect([who, name, served.has(name)]).toEqual([who, name, true]);
        const has = (served.get(name) as string[]).concat(SCRAPED);
        expect([who, name, [...labels].filter((label) => !has.includes(label))]).toEqual([who, name, []]);
        return has;
      });
      expect([who, grouped.filter((label) => !known.flat().includes(label))]).toEqual([who, []]);
    }
  });

  it('show every metric that is served', () => {
    const shown = new Set(queries.flatMap(({ expr }) => [...askedBy(expr).metrics.keys()]));
    expect([...served.keys()].filter((name) => !shown.has(name))).toEqual([]);
  });

  it('name only labels in their words that their queries yield', () => {
    for (const { title, expr, legendFormat } of queries)
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        expect([title, askedBy(expr).grouped]).toEqual([title, expect.arrayContaining([label])]);
    for (const { alert, expr, annotations } of rules) {
      const { grouped, metrics } = askedBy(expr);
      const yields = [...grouped, ...[...metrics.keys()].flatMap((name) => served.get(name) ?? []), ...SCRAPED];
      for (const [, label] of JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g))
        expect([alert, yields]).toEqual([alert, expect.arrayContaining([label])]);
    }
  });

  it('can be imported: each panel with a number and a place of its own, and a data source that is chosen', () => {
    const { panels, templating } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, nth) => `${x + (nth % w)} ${y + Math.floor(nth / w)}`),
    );
    expect(new Set(places).size).toBe(places.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    for (const { title, datasource, targets = [] } of charts) {
      expect([title, datasource]).toEqual([title, { type: 'prometheus', uid: '${datasource}' }]);
      expect([title, new Set(targets.map(({ refId }) => refId)).size]).toEqual([title, targets.length]);
    }
    const variables = new Set(templating.list.map(({ name }) => name));
    expect(templating.list.filter(({ type }) => type === 'datasource').map(({ name }) => name)).toEqual(['datasource']);
    const used = queries.flatMap(({ expr }) => [...expr.matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name));
    expect([...new Set(used)].filter((name) => !variables.has(name as string))).toEqual([]);
    for (const { name, query } of templating.list)
      if (typeof query === 'object') {
        const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query.query) ?? [];
        const [metric = ''] = askedBy(selector).metrics.keys();
        expect([name, [...(served.get(metric) ?? []), ...SCRAPED].includes(label)]).toEqual([name, true]);
      }
  });

  it('have each alert once, with what it means and what to do', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect([alert, ['page', 'ticket'].includes(labels.severity)]).toEqual([alert, true]);
      expect([alert, annotations.summary.length > 20, annotations.description.length > 20]).toEqual([
        alert,
        true,
        true,
      ]);
    }
  });
});
