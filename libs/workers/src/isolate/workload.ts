import { performance } from 'node:perf_hooks';
import { asError, fault } from '../message/fault.js';
import type { Headers, Stored } from '../message/message.js';
import type { Body } from './body.js';
import { Company } from './company.js';
import type { Errand } from './errand.js';
import type { Packing } from './packing.js';
import type { Besides, ToHost, Tx } from './protocol.js';

/** What is told how far errands are. */
export interface WorkloadOwner {
  /** A handler was entered. */
  entered(errand: Errand): void;
  /** An errand is over, or was skipped because nobody waits for it: there is room for another. */
  free(errand: Errand): void;
}

/** What a workload is sent with. */
export interface WorkloadParts {
  readonly body: Body;
  readonly packing: Packing;
  readonly owner: WorkloadOwner;
  /** How many handlers the isolate may be in. */
  readonly concurrency: number;
  readonly nextTx: () => Tx;
  /** The buffers of a payload that are handed over instead of copied. */
  readonly transfer: ((payload: unknown) => readonly ArrayBuffer[]) | undefined;
}

/**
 * What one isolate has been given to do.
 *
 * Promises: each errand ends in the outcome that the isolate tells, or is among those that are taken back in the end.
 *
 * Invariant: `errands` holds exactly what was sent and is not over.
 */
export class Workload {
  readonly errands = new Map<Tx, Errand>();
  private readonly company: Company;

  constructor(private readonly parts: WorkloadParts) {
    this.company = new Company(parts.body, this.errands, parts.concurrency);
  }

  /** Sends `errand`; one that cannot be written ends at once. */
  send(errand: Errand): void {
    const { body, packing, nextTx, transfer } = this.parts;
    const { id, attempt, headers, reply, payload, stored } = errand.message;
    const tx = nextTx();
    const caller = reply === undefined ? 'none' : 'waits';
    const told = isEmpty(headers) ? null : headers;
    errand.send(tx);
    this.errands.set(tx, errand);
    try {
      const run = ['run', tx, id, attempt + errand.entries, caller, told, packing.payload(payload)] as const;
      const { within } = errand;
      const word = stored === undefined && within === undefined ? run : ([...run, ...besides(stored, within)] as const);
      const buffers = transfer?.(payload) ?? [];
      if (buffers.length > 0) body.say(word, buffers);
      else this.company.keep(word);
    } catch (error) {
      this.failUnsent(tx, asError(error));
    }
  }

  has(errand: Errand): boolean {
    return this.errands.get(errand.tx) === errand;
  }

  entered(tx: Tx): void {
    const errand = this.errands.get(tx);
    if (errand?.state !== 'sent') return;
    errand.enter(performance.now());
    this.parts.owner.entered(errand);
  }

  done(tx: Tx, packed: unknown): void {
    this.finish(tx, ({ run }) => run.fulfilled(this.parts.packing.unpack(packed)));
  }

  failed([, tx, kind, thrown]: Extract<ToHost, readonly ['failed', ...unknown[]]>): void {
    this.finish(tx, ({ run }) => {
      const error = this.parts.packing.unpack(thrown);
      if (kind === 'thrown') run.rejected(error);
      else run.end({ type: 'failed', fault: fault(kind, asError(error)) });
    });
  }

  skipped(tx: Tx): void {
    this.finish(tx, () => {});
  }

  /** It could not be written, and nothing of it was. */
  failUnsent(tx: Tx, error: Error): void {
    this.finish(tx, ({ run }) => run.end({ type: 'failed', fault: fault('serialization_error', error) }));
  }

  /** What is not over is nobody's any more; it is returned. */
  takeBack(): Errand[] {
    const left = [...this.errands.values()];
    this.errands.clear();
    return left;
  }

  /** What is said of an errand that is over came too late to matter. */
  private finish(tx: Tx, conclude: (errand: Errand) => void): void {
    const errand = this.errands.get(tx);
    if (errand === undefined) return;
    errand.state = 'over';
    this.errands.delete(tx);
    this.company.flushIfAwaited();
    if (!errand.isAbandoned || errand.enteredAt > 0) conclude(errand);
    this.parts.owner.free(errand);
  }
}

/** What few messages have beside: where they lie, and the trace that they belong to. */
function besides(stored: Stored | undefined, within: Headers | undefined): Besides {
  const origin = stored === undefined ? null : ([stored.createdAtMs, stored.idempotencyKey] as const);
  return within === undefined ? [origin] : [origin, within];
}

function isEmpty(headers: Headers): boolean {
  return Object.keys(headers).length === 0;
}
