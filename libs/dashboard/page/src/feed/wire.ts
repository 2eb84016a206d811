import type { Snapshot, Topology } from '@nestjs-workers/dashboard';

/** What there is, and what may be done here: the answer of `GET topology`. */
export interface House extends Topology {
  readonly boundsMs: readonly number[];
  readonly isWritable: boolean;
  readonly showsPayloads: boolean;
  readonly hasDeadLetters: boolean;
  readonly workflows: readonly string[];
}

export type { Snapshot, Topology };
export type ChannelFigures = Snapshot['stats']['channels'][string];
export type WorkerFigures = Snapshot['stats']['workers'][string];
export type TickerFigures = Snapshot['stats']['tickers'][string];
export type IsolateFigures = WorkerFigures['isolates'][number];
export type Spread = Snapshot['distributions'][string]['runMs'];

/** Something that happened: its name, and fields of its own. */
export interface Happening {
  readonly at: number;
  readonly name: string;
  readonly [field: string]: unknown;
}

/** A dead letter as it is sent: dates are texts; without leave to see them there is neither payload nor headers. */
export interface Letter {
  readonly id: string;
  readonly channel: string;
  readonly payload?: unknown;
  readonly unreadable?: string;
  /** Whether `payload` is what was put, so that it may be edited and put again. */
  readonly isOriginal?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly attempt: number;
  readonly crashes: number;
  readonly createdAt: string;
  readonly deadAt: string;
  readonly reason: string;
  readonly history: readonly LetterFailure[];
}

export interface LetterFailure {
  readonly attempt: number;
  readonly kind: string;
  readonly message: string;
  readonly host: string;
  readonly at: string;
}

export interface Waiting {
  readonly id: string;
  readonly attempt: number;
  readonly waitedMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: unknown;
  readonly unreadable?: string;
}

export interface Instance {
  readonly workflow: string;
  readonly id: string;
  readonly number: number;
  readonly version: number;
  readonly state: 'running' | 'completed';
  readonly startedAt: string;
  readonly changedAt: string;
}
