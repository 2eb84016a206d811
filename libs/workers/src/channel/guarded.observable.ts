import { Observable, type Observer, type Operator, Subscriber, type Subscription } from 'rxjs';

/** Told what a subscriber threw. */
export type ReportFault = (error: unknown) => void;
type Listener<T> = Partial<Observer<T>> | ((value: T) => void) | null;

/**
 * An Observable whose subscribers may throw.
 *
 * Plain RxJS answers a throwing subscriber, and an operator that fails without an `error` callback, with an uncaught exception:
 * the process ends because somebody looked. Here it is reported, and the channel and the other subscribers go on. What is piped
 * from it is guarded likewise.
 */
export class GuardedObservable<T> extends Observable<T> {
  constructor(
    private readonly report: ReportFault,
    subscribe?: (this: Observable<T>, subscriber: Subscriber<T>) => Subscription | (() => void) | void,
  ) {
    super(subscribe);
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    return guardedLift(this, operator, this.report);
  }

  override subscribe(
    listener?: Listener<T>,
    error?: ((e: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    return super.subscribe(guardedObserver(listener, error, complete, this.report));
  }
}

/** What `source.lift(operator)` gives, guarded. */
export function guardedLift<T, R>(
  source: Observable<T>,
  operator: Operator<T, R> | undefined,
  report: ReportFault,
): Observable<R> {
  const lifted = new GuardedObservable<R>(report);
  lifted.source = source;
  lifted.operator = operator as Operator<unknown, R> | undefined;
  return lifted;
}

/** An observer that catches what the given callbacks throw. RxJS's own subscribers pass: they guard themselves downstream. */
export function guardedObserver<T>(
  listener: Listener<T> | undefined,
  error: ((e: unknown) => void) | null | undefined,
  complete: (() => void) | null | undefined,
  report: ReportFault,
): Observer<T> | Subscriber<T> {
  if (listener instanceof Subscriber) return listener;
  const given: Partial<Observer<T>> =
    typeof listener === 'object' && listener !== null
      ? listener
      : { next: listener ?? (() => {}), ...(error ? { error } : {}), ...(complete ? { complete } : {}) };
  const safely = (call: () => void): void => {
    try {
      call();
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
