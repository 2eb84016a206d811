import { WorkersError } from '@nestjs-workers/core';
import type { DeadLetter, DeadLetterPage, DeadLetterQuery, DeadLetters } from '@nestjs-workers/outbox';

/** Which dead letters are meant; never all of them by leaving everything out. */
export type DeadLetterSelection =
  { readonly ids: readonly string[] } | (Omit<DeadLetterQuery, 'ids' | 'channel'> & { readonly channel: string });

/** Dead letters were asked for in an application that has no outbox. */
export class OutboxAbsentError extends WorkersError {
  readonly code = 'OUTBOX_ABSENT';

  constructor() {
    super(
      'Dead letters were asked for, and this application has no outbox. Import OutboxModule.forRoot({ store }) from @nestjs-workers/outbox.',
    );
  }
}

/** The dead letters of the application's outbox, where there is one: found when they are first asked for. */
export class Letters {
  private found: Promise<DeadLetters | undefined> | undefined;

  /** @param provided looks a provider up by its class, over all modules */
  constructor(private readonly provided: (type: abstract new (...args: never[]) => unknown) => unknown) {}

  async isThere(): Promise<boolean> {
    return (await this.look()) !== undefined;
  }

  async find(query: DeadLetterQuery, page: DeadLetterPage): Promise<DeadLetter[]> {
    return (await this.desk()).find(query, page);
  }

  async count(query: DeadLetterQuery): Promise<number> {
    return (await this.desk()).count(query);
  }

  async retry(selection: DeadLetterSelection): Promise<string[]> {
    return (await this.desk()).retryAll(selection);
  }

  async edit(id: string, payload: unknown): Promise<void> {
    return (await this.desk()).retryWith(id, payload);
  }

  async discard(selection: DeadLetterSelection): Promise<string[]> {
    return (await this.desk()).discardAll(selection);
  }

  /** @throws OutboxAbsentError */
  private async desk(): Promise<DeadLetters> {
    const found = await this.look();
    if (found === undefined) throw new OutboxAbsentError();
    return found;
  }

  private look(): Promise<DeadLetters | undefined> {
    this.found ??= import('@nestjs-workers/outbox').then(
      (outbox) => this.provided(outbox.DeadLetters) as DeadLetters | undefined,
      // Not installed: then there is none.
      () => undefined,
    );
    return this.found;
  }
}
