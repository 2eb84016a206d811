import type { House, Snapshot } from '../feed/wire.js';
import { deadIn, dropsOf, failuresOf, sum, waitingIn } from '../feed/point.js';
import { GraphView } from '../graph/graph.view.js';
import { h } from '../view/element.js';
import { hashOf } from '../view/route.js';
import { section } from '../view/section.js';
import { count, duration, megabytes, rate } from '../view/words.js';
import type { Chapter, Now } from './chapter.js';
import { paceCurves } from './curves.js';
import { Durables } from './durables.js';
import { type Figure, Figures } from './figures.js';
import { HappeningsList } from './happenings.js';
import { isolatesIn, isolatesTable } from './isolates.js';
import { lossesIn, lossesTable } from './losses.js';

/** Everything at one glance. */
export function overview(house: House): Chapter {
  const figures = new Figures();
  const graph = new GraphView(house);
  const curves = paceCurves(({ all }) => all);
  const [losses, isolates, durables, happenings] = [
    lossesTable(),
    isolatesTable([...house.workers, ...house.tickers].some(({ dispatch }) => dispatch !== 'inline')),
    new Durables(),
    new HappeningsList(8),
  ];
  const durable = new Set(house.channels.filter(({ kind }) => kind === 'durable').map(({ name }) => name));
  const root = h(
    'div',
    { class: 'chapter' },
    figures.root,
    section('Topology', graph.root),
    curves.root,
    h(
      'div',
      { class: 'columns' },
      section('Lost and failed', losses.root),
      durable.size > 0 ? section('Durable channels', durables.root) : undefined,
      section('Isolates', isolates.root),
      section('Happenings', happenings.root),
    ),
  );
  return {
    title: 'Overview',
    root,
    show: (now) => {
      figures.show(figuresOf(now));
      graph.show(now);
      curves.show(now);
      losses.show(lossesIn(now.snapshot));
      isolates.show(isolatesIn(now.snapshot));
      if (durable.size > 0) durables.show(now.snapshot, durable);
      happenings.show(now.happenings);
    },
  };
}

function figuresOf({ house, snapshot, point }: Now): Figure[] {
  const workers = Object.values(snapshot.stats.workers);
  const channels = Object.values(snapshot.stats.channels);
  const failed =
    sum(workers.map(failuresOf)) + sum(Object.values(snapshot.stats.tickers).map((ticker) => ticker.failed));
  const failedPerSecond = sum(Object.values(point?.workers ?? {}).map((pace) => pace.failedPerSecond));
  const dropped = sum(channels.map(dropsOf));
  const oldest = Math.max(0, ...channels.map(({ oldestAgeMs }) => oldestAgeMs));
  return [
    {
      title: 'Throughput',
      value: rate(point?.all.perSecond ?? 0),
      note: `${count(sum(workers.map(({ done }) => done)))} done`,
    },
    {
      title: 'Running',
      value: count(sum(workers.map(({ inFlight }) => inFlight))),
      note: `of ${count(sum(workers.map(({ concurrency }) => concurrency)))} permits`,
    },
    { title: 'Waiting', value: count(sum(channels.map(waitingIn))), note: `the oldest for ${duration(oldest)}` },
    {
      title: 'Failed',
      value: count(failed),
      note: rate(failedPerSecond),
      tone: failed > 0 ? 'bad' : undefined,
    },
    { title: 'Dropped', value: count(dropped), note: 'in all channels', tone: dropped > 0 ? 'bad' : undefined },
    ...(house.hasDeadLetters ? [deadFigure(snapshot)] : []),
    { title: 'Memory', value: megabytes(snapshot.host.rssMb), note: `${megabytes(snapshot.host.heapMb)} heap` },
  ];
}

function deadFigure({ stats }: Snapshot): Figure {
  const dead = deadIn(stats);
  const href = hashOf({ chapter: 'letters', channel: undefined });
  return {
    title: 'Dead letters',
    value: count(dead),
    note: 'over all hosts',
    tone: dead > 0 ? 'bad' : undefined,
    href,
  };
}
