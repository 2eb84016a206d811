import { Logger } from '@nestjs/common';
import { unpackSending } from './channel/sending.js';
import type { Asked, Desk, LogLevel } from './dispatch/desk.js';
import { WorkerGateway } from './gateway/worker.gateway.js';
import { inside } from './lifecycle/inside.js';
import type { Headers, Message } from './message/message.js';
import type { WorkersStats } from './observe/stats.js';
import type { WorkersApplication } from './workers.application.js';

/** Serves the isolates of one worker from the application around it. */
export class WorkersDesk implements Desk {
  private readonly gateway: WorkerGateway;
  /** What each isolate waits for. */
  private readonly calls = new Map<object, Map<number, AbortController>>();

  constructor(
    private readonly app: WorkersApplication,
    private readonly worker: string,
  ) {
    this.gateway = new WorkerGateway(app);
  }

  async serve(isolate: object, asked: Asked, told: (value: unknown) => void): Promise<unknown> {
    const controller = new AbortController();
    const calls = this.calls.get(isolate) ?? new Map<number, AbortController>();
    this.calls.set(isolate, calls.set(asked.call, controller));
    try {
      const { asker, options } = asked;
      const { follower } = this.app.announcer;
      const send = (): Promise<unknown> => this.send(asked, controller.signal, told);
      const goOn = follower === undefined ? send : () => follower.goOn(options.headers, asker, send);
      if (asker === undefined) return await goOn();
      const { id: messageId } = asker;
      return await inside.run({ house: this.app.supervisor, runId: 0, worker: this.worker, messageId }, goOn);
    } finally {
      calls.delete(asked.call);
    }
  }

  leave(isolate: object, call: number): void {
    this.calls.get(isolate)?.get(call)?.abort();
  }

  forget(isolate: object): void {
    for (const controller of this.calls.get(isolate)?.values() ?? []) controller.abort();
    this.calls.delete(isolate);
  }

  put(channel: string, value: unknown, asker: Message | undefined, headers: Headers | undefined): void {
    const { follower } = this.app.announcer;
    const put = (): void => this.app.channel(channel).next(value);
    try {
      if (follower === undefined) put();
      else follower.goOn(headers, asker, put);
    } catch (error) {
      this.app.announcer.fault(`worker "${this.worker}"`, error);
    }
  }

  stats(): WorkersStats {
    return this.app.stats();
  }

  log(level: LogLevel, context: string, text: string, stack: string | undefined): void {
    // A context may be as new as each message: none is kept.
    const logger = new Logger(context === '' ? this.worker : context);
    try {
      if (stack === undefined) logger[level](text);
      else logger[level](text, stack);
    } catch (error) {
      // The isolate said nothing wrong.
      this.app.announcer.fault('logger', error);
    }
  }

  said(messageId: string, name: string, data: unknown): void {
    this.app.announcer.announce('workers.custom', { worker: this.worker, messageId, said: name, data });
  }

  reply({ id, reply }: Message, value: unknown): void {
    if (reply === undefined || reply.answer(value)) return;
    this.app.announcer.announce('workers.late', { worker: this.worker, messageId: id, what: 'reply' });
  }

  private send(
    { kind, to, payload, options: { headers, timeoutMs, sending } }: Asked,
    signal: AbortSignal,
    told: (value: unknown) => void,
  ): Promise<unknown> {
    if (kind === 'ask') return Promise.resolve(this.app.part(to)?.answer(payload));
    const options = { signal, ...(headers === undefined ? {} : { headers }), ...unpackSending(sending) };
    if (kind === 'command') return this.gateway.command(to, payload, options);
    const reply = this.gateway.request(to, payload, {
      ...options,
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    reply.progress$.subscribe(told);
    return reply;
  }
}
