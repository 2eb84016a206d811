import { harmless, UsageError } from '@nestjs-workers/core/cli';
import type { Snapshot } from '../admin/snapshot.js';
import { snapshotIn } from './answer.js';
import { eventsIn } from './event.stream.js';

/** How long it may take until an answer begins, and beyond its pace until the stream says something. */
const PATIENCE_MS = 10_000;

/** The endpoint cannot be inspected; the message says what was found and what to do. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';

  constructor(
    message: string,
    /** Whether it would be the same a moment later. */
    readonly isLasting: boolean,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/**
 * The admin API of an application, as one who asks over HTTP sees it.
 *
 * Promises: what it is given to log in with goes to this address only (redirects are not followed) and is in no message; what is answered
 * is a snapshot, or an `EndpointError` that says why not.
 */
export class Endpoint {
  private constructor(
    /** As it may be shown. */
    readonly url: string,
    private readonly headers: Headers,
  ) {}

  /**
   * @param given the address of the controller, or of one of its answers; without a scheme it is `http`
   * @param headers `name: value` each
   * @throws UsageError
   */
  static at(given: string, headers: readonly string[]): Endpoint {
    const url = urlIn(given);
    const sent = headersIn(headers);
    if (url.username !== '' || url.password !== '') {
      const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      sent.set('authorization', `Basic ${Buffer.from(login).toString('base64')}`);
    }
    const path = url.pathname.replace(/\/(?:snapshot|stream|topology)?$/, '');
    return new Endpoint(`${url.origin}${path}`, sent);
  }

  /** @throws (rejects) EndpointError; what `signal` was aborted with */
  async snapshot(signal: AbortSignal): Promise<Snapshot> {
    const answer = await this.get('/snapshot', 'application/json', signal);
    const snapshot = snapshotIn(await answer.json().catch(() => undefined));
    if (snapshot === undefined) throw this.stranger('something else');
    return snapshot;
  }

  /** One snapshot after the other, until the server ends the stream. @throws (rejects) EndpointError; what `signal` was aborted with */
  async *snapshots(everyMs: number, signal: AbortSignal): AsyncGenerator<Snapshot> {
    const silence = new AbortController();
    const reason = new EndpointError(`${this.url} says nothing any more.`, false);
    const timer = setTimeout(() => silence.abort(reason), everyMs + PATIENCE_MS);
    try {
      const either = AbortSignal.any([signal, silence.signal]);
      const { body } = await this.get(`/stream?everyMs=${everyMs}`, 'text/event-stream', either);
      for await (const { type, data } of eventsIn((body ?? []) as AsyncIterable<Uint8Array>)) {
        timer.refresh();
        if (type !== 'snapshot') continue;
        const snapshot = snapshotIn(data);
        if (snapshot === undefined) throw this.stranger('events of another kind');
        yield snapshot;
      }
    } catch (error) {
      throw error instanceof EndpointError || signal.aborted ? error : this.unreachable(error);
    } finally {
      clearTimeout(timer);
      silence.abort(reason);
    }
  }

  private async get(path: string, type: string, signal: AbortSignal): Promise<Response> {
    const headers = new Headers(this.headers);
    headers.set('accept', type);
    const answer = await this.fetched(`${this.url}${path}`, headers, signal);
    if (!answer.ok) {
      const said = await answer.text().catch(() => '');
      throw this.refusal(answer.status, answer.headers.get('location'), said);
    }
    const found = answer.headers.get('content-type') ?? 'nothing';
    if (found.startsWith(type)) return answer;
    void answer.body?.cancel();
    throw this.stranger(found);
  }

  private async fetched(url: string, headers: Headers, signal: AbortSignal): Promise<Response> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), PATIENCE_MS);
    try {
      return await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any([signal, late.signal]) });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw late.signal.aborted
        ? new EndpointError(`${this.url} did not answer within ${PATIENCE_MS / 1_000} s.`, false, error)
        : this.unreachable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  private refusal(status: number, location: string | null, said: string): EndpointError {
    const { url } = this;
    if (status >= 300 && status < 400)
      return new EndpointError(
        `${url} sends us on to ${harmless(location ?? 'nowhere')}, which is not followed. Log in with --header "Authorization: ...", or give the url behind it.`,
        true,
      );
    if (status === 401 || status === 403)
      return new EndpointError(
        `${url} does not let us in (${status}). Its guards decide: log in with --header "Authorization: ...", or what they go by.`,
        true,
      );
    if (status === 404)
      return new EndpointError(
        `${url} has no admin API (404). Give the path where createWorkersAdminController mounts it (its option "path", with any global prefix), as ${new URL(url).origin}/workers.`,
        false,
      );
    return new EndpointError(`${url} answered ${status}${messageIn(said)}.`, false);
  }

  private stranger(found: string): EndpointError {
    return new EndpointError(
      `${this.url} is no admin API of nestjs-workers that this version understands: it answered with ${harmless(found)}. Give the url of createWorkersAdminController's controller.`,
      true,
    );
  }

  private unreachable(error: unknown): EndpointError {
    const why = codeOf(error);
    const hint = why === 'ECONNREFUSED' ? ' Nothing listens there: is the application up, and is this its port?' : '';
    return new EndpointError(`${this.url} cannot be reached: ${harmless(why)}.${hint}`, false, error);
  }
}

/** Without what it has to log in with, nothing of a wrong address can be shown. */
function urlIn(given: string): URL {
  const address = /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  if (URL.canParse(address)) {
    const url = new URL(address);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  }
  throw new UsageError('expected a url, as http://localhost:3000/workers, got something else.');
}

function headersIn(given: readonly string[]): Headers {
  const headers = new Headers();
  for (const text of given) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(text) ?? [];
    try {
      headers.append(name ?? '', value ?? '');
    } catch {
      throw new UsageError('--header: expected "name: value", got something else.');
    }
  }
  return headers;
}

/** What Nest's errors say beside their status. */
function messageIn(said: string): string {
  try {
    const { message } = JSON.parse(said) as { readonly message?: unknown };
    return typeof message === 'string' ? `: ${harmless(message).slice(0, 200)}` : '';
  } catch {
    return '';
  }
}

function codeOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  const { code, message } = (cause ?? error) as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' ? code : String(message);
}
