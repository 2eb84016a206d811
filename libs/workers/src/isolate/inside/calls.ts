import type { SendOptions } from '../../dispatch/desk.js';
import { onAbort } from '../../lifecycle/on.abort.js';
import type { Packing } from '../packing.js';
import type { ToIsolate, Tx } from '../protocol.js';
import { atWork } from './at.work.js';
import type { Link } from './link.js';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly told: (value: unknown) => void;
  /** Listens to the caller's signal no longer. */
  forget: () => void;
}

/** What is asked of the host from inside: each call is answered or refused, or ends with the isolate. */
export class Calls {
  private readonly pending = new Map<number, Pending>();
  private last = 0;

  constructor(
    private readonly link: Link,
    private readonly packing: Packing,
  ) {}

  /** @throws (rejects) whatever the host refuses it with; NotPortableError when the payload cannot cross */
  ask(
    kind: 'command' | 'request' | 'ask',
    to: string,
    payload: unknown,
    options: SendOptions,
    { told = () => {}, signal }: { told?: (value: unknown) => void; signal?: AbortSignal | undefined } = {},
  ): Promise<unknown> {
    const call = ++this.last;
    return new Promise((resolve, reject) => {
      const asker: Tx | null = atWork.getStore() ?? null;
      const packed = this.packing.payload(payload);
      const pending: Pending = { resolve, reject, told, forget: () => {} };
      this.pending.set(call, pending);
      this.link.say([kind, call, asker, to, options, packed]);
      if (signal === undefined) return;
      const leave = (): void => this.link.say(['leave', call]);
      if (signal.aborted) leave();
      else pending.forget = onAbort(signal, leave);
    });
  }

  /** The call could not be sent. */
  fail(call: number, error: Error): void {
    this.end(call)?.reject(error);
  }

  hear([kind, call, said]: Extract<ToIsolate, readonly ['answer' | 'refuse' | 'told', ...unknown[]]>): void {
    const pending = this.pending.get(call);
    if (pending === undefined) return;
    const value = this.packing.unpack(said);
    if (kind === 'told') return pending.told(value);
    this.end(call);
    if (kind === 'answer') pending.resolve(value);
    else pending.reject(value);
  }

  private end(call: number): Pending | undefined {
    const pending = this.pending.get(call);
    this.pending.delete(call);
    pending?.forget();
    return pending;
  }
}
