import type { Attributes, Meter, Observable } from '@opentelemetry/api';
import { type Figure, figuresOf } from '../observe/figures.js';
import type { WorkersStats } from '../observe/stats.js';

/** Where the semantic conventions of messaging have a name for what we count, it has theirs. */
const NAMES: Readonly<Record<string, string>> = {
  'nestjs_workers.channel.accepted': 'messaging.client.sent.messages',
  'nestjs_workers.channel.taken': 'messaging.client.consumed.messages',
};

const ATTRIBUTES: Readonly<Record<string, string>> = {
  channel: 'messaging.destination.name',
  worker: 'messaging.consumer.group.name',
};

/**
 * Shows the statistics as observable instruments: they are read when metrics are collected, and cost a message nothing.
 *
 * @returns what takes them away again
 */
export function observeFigures(meter: Meter, stats: () => WorkersStats): () => void {
  const instruments = new Map(
    figuresOf(stats()).map((figure): [string, Observable] => [figure.name, instrumentFor(meter, figure)]),
  );
  const callback: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
    for (const { name, points } of figuresOf(stats())) {
      const instrument = instruments.get(name) as Observable;
      for (const { labels, value } of points) result.observe(instrument, value, attributesOf(labels));
    }
  };
  const observed = [...instruments.values()];
  meter.addBatchObservableCallback(callback, observed);
  return () => meter.removeBatchObservableCallback(callback, observed);
}

function instrumentFor(meter: Meter, { name, help, unit, type }: Figure): Observable<Attributes> {
  const options = { description: help, unit };
  const called = NAMES[name] ?? name;
  return type === 'counter'
    ? meter.createObservableCounter(called, options)
    : meter.createObservableGauge(called, options);
}

export function attributesOf(labels: Readonly<Record<string, string>>): Attributes {
  const named = Object.entries(labels).map(([label, value]) => [ATTRIBUTES[label] ?? `nestjs_workers.${label}`, value]);
  return { 'messaging.system': 'nestjs_workers', ...(Object.fromEntries(named) as Attributes) };
}
