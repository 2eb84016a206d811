import type { WorkersApplication } from '@nestjs-workers/core/extension';

/** What there is and how it hangs together: the nodes and edges of a graph. It does not change while the application runs. */
export interface Topology {
  readonly channels: readonly TopologyChannel[];
  readonly workers: readonly TopologyWorker[];
  readonly tickers: readonly TopologyTicker[];
  readonly edges: readonly TopologyEdge[];
}

export interface TopologyChannel {
  readonly name: string;
  /** `memory`, this process's own; or `durable`, over all hosts. */
  readonly kind: 'memory' | 'durable';
}

export interface TopologyTicker {
  readonly name: string;
  /** `inline`, `thread`, `process`, or what a dispatch plan calls itself. */
  readonly dispatch: string;
  /** Whether this process runs it; see the `run` option. */
  readonly isHere: boolean;
}

export interface TopologyWorker extends TopologyTicker {
  /** Whether the gateway may address it. */
  readonly isExposed: boolean;
}

/** What goes from a channel to a worker, or from a worker or ticker to a channel. */
export interface TopologyEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'in' | 'out' | 'failures';
}

export function topologyOf(application: WorkersApplication): Topology {
  const { workers, tickers } = application.open();
  const edge = (from: string, to: { readonly name: string } | undefined, kind: TopologyEdge['kind']): TopologyEdge[] =>
    to === undefined ? [] : [{ from, to: to.name, kind }];
  return {
    channels: [...application.channels].map(({ name, isShared }) => ({ name, kind: isShared ? 'durable' : 'memory' })),
    workers: workers.map(({ crew: { name }, dispatch, isHere, isExposed }) => ({ name, dispatch, isHere, isExposed })),
    tickers: tickers.map(({ crew: { name }, dispatch, isHere }) => ({ name, dispatch, isHere })),
    edges: [
      ...workers.map((worker): TopologyEdge => ({ from: worker.in.name, to: worker.crew.name, kind: 'in' })),
      ...[...workers, ...tickers].flatMap(({ crew, out }) => edge(crew.name, out, 'out')),
      ...[...workers, ...tickers].flatMap(({ crew, failures }) => edge(crew.name, failures, 'failures')),
    ],
  };
}
