import { Observable, type Observer, type Operator, Subscriber, type Subscription } from 'rxjs';

/** Makes what is told what a subscriber threw; asked once for each subscription. */
export type Reporter = () => (error: unknown) => void;
type Listener<T> = Partial<Observer<T>> | ((value: T) => void) | null;

/**
 * An Observable whose subscribers may throw.
 *
 * Plain RxJS answers a throwing subscriber, and an operator that fails without an `error` callback, with an uncaught exception:
 * the process ends because somebody looked. Here it is reported, and the source and the other subscribers go on. What an `async`
 * subscriber rejects with is reported too. What is piped from it is guarded likewise; what merely uses it (`merge(it, other)`) is not.
 */
export class GuardedObservable<T> extends Observable<T> {
  constructor(
    /** @internal */ public reporter: Reporter,
    subscribe?: (this: Observable<T>, subscriber: Subscriber<T>) => Subscription | (() => void) | void,
  ) {
    super(subscribe);
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    return guardedLift(this, operator, this.reporter);
  }

  override subscribe(
    listener?: Listener<T>,
    error?: ((e: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    return super.subscribe(guardedObserver(listener, error, complete, this.reporter));
  }
}

/** What `source.lift(operator)` gives, guarded. */
export function guardedLift<T, R>(
  source: Observable<T>,
  operator: Operator<T, R> | undefined,
  reporter: Reporter,
): Observable<R> {
  const lifted = new GuardedObservable<R>(reporter);
  lifted.source = source;
  lifted.operator = operator;
  return lifted;
}

/** An observer that catches what the given callbacks throw. RxJS's own subscribers pass: they guard themselves downstream. */
export function guardedObserver<T>(
  listener: Listener<T> | undefined,
  error: ((e: unknown) => void) | null | undefined,
  complete: (() => void) | null | undefined,
  reporter: Reporter,
): Observer<T> | Subscriber<T> {
  if (listener instanceof Subscriber) return listener;
  const report = reporter();
  const given: Partial<Observer<T>> =
    typeof listener === 'object' && listener !== null
      ? listener
      : { next: listener ?? (() => {}), ...(error ? { error } : {}), ...(complete ? { complete } : {}) };
  const safely = (call: () => unknown): void => {
    try {
      const said = call();
      if (said instanceof Promise) said.catch(report);
    } catch (thrown) {
      report(thrown);
    }
  };
  return {
    next: (value) => safely(() => given.next?.(value)),
    error: (thrown: unknown) => safely(() => (given.error === undefined ? report(thrown) : given.error(thrown))),
    complete: () => safely(() => given.complete?.()),
  };
}
