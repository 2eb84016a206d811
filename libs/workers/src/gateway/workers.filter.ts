import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, HttpStatus, Logger } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { type Observable, throwError } from 'rxjs';
import { WorkersError } from '../workers.error.js';

/** What nginx says of a client that left; Nest has no name for it. */
const CLIENT_LEFT = 499;

/** What HTTP says to each error; anything else of ours is a 500. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  REQUEST_ABORTED: CLIENT_LEFT,
  PAYLOAD_INVALID: HttpStatus.BAD_REQUEST,
  RESULT_NOT_KEPT: HttpStatus.CONFLICT,
  OVERLOADED: HttpStatus.SERVICE_UNAVAILABLE,
  CHANNEL_OVERFLOW: HttpStatus.SERVICE_UNAVAILABLE,
  CHANNEL_CLOSED: HttpStatus.SERVICE_UNAVAILABLE,
  MESSAGE_DROPPED: HttpStatus.SERVICE_UNAVAILABLE,
  WORKER_ELSEWHERE: HttpStatus.NOT_IMPLEMENTED,
  WORKERS_STOPPING: HttpStatus.SERVICE_UNAVAILABLE,
  ISOLATE_CRASH_LOOP: HttpStatus.SERVICE_UNAVAILABLE,
  REQUEST_TIMEOUT: HttpStatus.GATEWAY_TIMEOUT,
  HANDLER_TIMEOUT: HttpStatus.GATEWAY_TIMEOUT,
};
const SERVER_ERROR: number = HttpStatus.INTERNAL_SERVER_ERROR;
const UNAVAILABLE: number = HttpStatus.SERVICE_UNAVAILABLE;
const RETRY_AFTER_SECONDS = 1;
const log = new Logger('WorkersExceptionFilter');

/**
 * Answers HTTP for the errors of this library: 400 with the list for a bad payload, 409 for a duplicate that cannot be answered, 503 with
 * `Retry-After` when there is no room, isolates only die or the application stops, 504 when nobody answered in time. A handler's own
 * `HttpException` is answered as it is. What becomes a 500 is logged, with the stack of what the handler threw: its caller is told no more
 * than that.
 *
 * Works with Express and Fastify; where the call came by another way than HTTP, the error passes as it is. Use it with
 * `@UseFilters(WorkersExceptionFilter)` or as `APP_FILTER`.
 */
@Catch(WorkersError)
export class WorkersExceptionFilter extends BaseExceptionFilter implements ExceptionFilter<WorkersError> {
  override catch(error: WorkersError, host: ArgumentsHost): Observable<never> | undefined {
    if (host.getType() === 'rpc') return throwError(() => error);
    if (host.getType() !== 'http') throw error;
    const answer = httpExceptionFor(error);
    const response: { header(name: string, value: string): unknown } = host.switchToHttp().getResponse();
    if (answer.getStatus() === SERVER_ERROR) log.error(error.message, stackOf(error));
    const retryAfter = retryAfterSeconds(error, answer);
    if (retryAfter !== undefined) response.header('Retry-After', String(retryAfter));
    super.catch(answer, host);
    return undefined;
  }
}

/** The `HttpException` that says over HTTP what `error` says. */
export function httpExceptionFor(error: WorkersError): HttpException {
  if (error.cause instanceof HttpException) return error.cause;
  const status = STATUS_BY_CODE[isBuriedLate(error) ? 'HANDLER_TIMEOUT' : error.code] ?? SERVER_ERROR;
  const isOurs = status !== SERVER_ERROR;
  const body = {
    statusCode: status,
    code: error.code,
    // A list stands behind the first line of some, and is left out here.
    message: isOurs ? error.message.split('\n', 1)[0]?.replace(/:$/, '.') : 'Internal server error',
    ...('issues' in error ? { issues: error.issues } : {}),
  };
  return new HttpException(body, status, { cause: error });
}

/**
 * A durable message that is a dead letter now because its handler ran out of time: what its caller waited for is what it says. Not so where
 * its handler threw what another one's had come to.
 */
function isBuriedLate(error: WorkersError): boolean {
  const { code, cause } = error;
  if (code !== 'MESSAGE_BURIED' || !(cause instanceof Error)) return false;
  // From another host it comes as an error that has its fields.
  return fieldOf(cause, 'code') === 'HANDLER_TIMEOUT' && fieldOf(cause, 'messageId') === fieldOf(error, 'messageId');
}

const fieldOf = (error: Error, field: string): unknown => (error as unknown as Record<string, unknown>)[field];

function retryAfterSeconds(error: WorkersError, answer: HttpException): number | undefined {
  if (answer.getStatus() !== UNAVAILABLE) return undefined;
  const ms = 'retryAfterMs' in error ? Number(error.retryAfterMs) : RETRY_AFTER_SECONDS * 1_000;
  return Math.max(1, Math.ceil(ms / 1_000));
}

function stackOf(error: WorkersError): string | undefined {
  return error.cause instanceof Error ? error.cause.stack : error.stack;
}
