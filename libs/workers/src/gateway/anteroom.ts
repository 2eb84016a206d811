import type { PayloadCheck } from '../channel/payload.check.js';
import type { PutResult } from '../channel/waiting.room.js';
import { type Outgoing, putChain, type WorkerInterceptor } from '../worker/interceptor.js';

/** What a message goes through before it is put. */
export interface Outfit {
  readonly check: PayloadCheck | undefined;
  readonly interceptors: readonly WorkerInterceptor[];
}

/**
 * Where a message is made ready before it is put: interceptors first, then the check of its payload. Furnished when the first message
 * comes through.
 *
 * Promises: what an interceptor keeps to itself and what the check does not let pass is counted as refused, once.
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
  async prepare(outgoing: Outgoing, put: (prepared: Outgoing) => Promise<PutResult>): Promise<PutResult> {
    await (this.furnishing ??= this.furnish());
    let hasPassed = false;
    const pass = async (prepared: Outgoing): Promise<PutResult> => {
      hasPassed = true;
      return put({ ...prepared, payload: await this.checked(prepared.payload) });
    };
    try {
      return await (this.through === undefined ? pass(outgoing) : this.through(outgoing, pass));
    } catch (error) {
      // What an interceptor keeps to itself was refused; all later refusals are counted where they happen.
      if (!hasPassed) this.onRefused();
      throw error;
    }
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
