import type { PayloadCheck } from '../channel/payload.check.js';
import type { PutResult } from '../channel/waiting.room.js';
import { asError } from '../message/fault.js';
import { type Outgoing, putChain, type WorkerInterceptor } from '../worker/interceptor.js';

/** What a message goes through before it is put. */
export interface Outfit {
  readonly check: PayloadCheck | undefined;
  readonly interceptors: readonly WorkerInterceptor[];
}

/**
 * What came of a message: it went on, or an interceptor answered without that. `swallowed` is why it could not go on, when an interceptor
 * was told that and said nothing.
 */
export type Prepared =
  | { readonly type: 'passed'; readonly said: PutResult }
  | { readonly type: 'kept'; readonly said: PutResult; readonly swallowed: Error | undefined };

/**
 * Where a message is made ready before it is put: interceptors first, then the check of its payload. Furnished when its worker starts, or
 * when a message comes through before that.
 *
 * Promises: what an interceptor refuses with an error and what the check does not let pass is counted as refused, once; what an
 * interceptor keeps without an error is told to whoever sent it here.
 */
export class Anteroom {
  /** Whether nothing is done here, as far as is known. */
  isBare: boolean;
  private check: PayloadCheck | undefined;
  private through: ReturnType<typeof putChain>;
  private furnishing: Promise<void> | undefined;

  constructor(
    private readonly outfit: (() => Promise<Outfit>) | undefined,
    private readonly onRefused: () => void,
  ) {
    this.isBare = outfit === undefined;
  }

  /**
   * Hands `outgoing` to `put` as interceptors and check leave it.
   *
   * @throws whatever they throw, PayloadInvalidError for one
   */
  async prepare(outgoing: Outgoing, put: (prepared: Outgoing) => Promise<PutResult>): Promise<Prepared> {
    const passage: { fate: 'kept' | 'passed' | Error } = { fate: 'kept' };
    const pass = async (prepared: Outgoing): Promise<PutResult> => {
      const before = passage.fate;
      passage.fate = 'passed';
      try {
        return await put({ ...prepared, payload: await this.checked(prepared.payload) });
      } catch (error) {
        if (before !== 'passed') passage.fate = asError(error);
        throw error;
      }
    };
    try {
      await this.ready();
      const said = await (this.through === undefined ? pass(outgoing) : this.through(outgoing, pass));
      const { fate } = passage;
      if (fate === 'passed') return { type: 'passed', said };
      return { type: 'kept', said, swallowed: fate === 'kept' ? undefined : fate };
    } catch (error) {
      // Refused before the check; all later refusals are counted where they happen.
      if (passage.fate === 'kept') this.onRefused();
      throw error;
    }
  }

  /** Furnished; rejects with what is wrong with its furniture. */
  ready(): Promise<void> {
    this.furnishing ??= this.furnish();
    return this.furnishing;
  }

  private async furnish(): Promise<void> {
    const outfit = await this.outfit?.();
    this.check = outfit?.check;
    this.through = putChain(outfit?.interceptors ?? []);
    this.isBare = this.check === undefined && this.through === undefined;
  }

  private async checked(payload: unknown): Promise<unknown> {
    try {
      return this.check === undefined ? payload : await this.check(payload);
    } catch (error) {
      this.onRefused();
      throw error;
    }
  }
}
