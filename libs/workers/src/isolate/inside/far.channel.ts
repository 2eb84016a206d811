import { type Observable, Subject, type Subscription } from 'rxjs';
import { NotInIsolateError } from '../isolate.errors.js';

/**
 * A channel of the host, as it is inside an isolate: it can be put to. `next` offers, as on the host: a full channel drops and counts it
 * there.
 *
 * @throws NotInIsolateError from everything that would take or close
 */
export class FarChannel<T = unknown> extends Subject<T> {
  constructor(
    readonly name: string,
    private readonly put: (value: unknown) => void,
  ) {
    super();
  }

  override next(value: T): void {
    this.put(value);
  }

  /** Ignored: one handler's end is not the channel's. */
  override complete(): void {}

  override error(error: unknown): void {
    throw this.refusal('error', error);
  }

  override subscribe(): Subscription {
    throw this.refusal('subscribe');
  }

  override asObservable(): Observable<T> {
    throw this.refusal('asObservable');
  }

  override pipe(): never {
    throw this.refusal('pipe');
  }

  get tap$(): never {
    throw this.refusal('tap$');
  }

  [Symbol.asyncIterator](): never {
    throw this.refusal('for await');
  }

  private refusal(what: string, cause?: unknown): NotInIsolateError {
    const error = new NotInIsolateError(
      `"${what}" of channel "${this.name}"`,
      'Take from it in the host, with a worker or a subscription there.',
    );
    if (cause !== undefined) error.cause = cause;
    return error;
  }
}
