import {
  type CallHandler,
  type ExecutionContext,
  HttpException,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { WorkersError } from '@nestjs-workers/core';
import { catchError, type Observable, throwError } from 'rxjs';

/** What HTTP says to the errors that an action can come to; any other is not the caller's fault, and a 500. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  CONFIGURATION_INVALID: 400,
  PAYLOAD_INVALID: 400,
  NOT_PORTABLE: 400,
  CHANNEL_UNKNOWN: 404,
  WORKER_UNKNOWN: 404,
  DEAD_LETTER_UNKNOWN: 404,
  WORKER_ELSEWHERE: 409,
  OUTBOX_ABSENT: 404,
  WORKFLOWS_ABSENT: 404,
  WORKFLOW_UNKNOWN: 404,
  STORE_UNREACHABLE: 503,
};

/** Gives errors of the library the status they have over HTTP, with their code and message: whoever is here may know. */
@Injectable()
export class ErrorStatus implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError((error: unknown) => throwError(() => asHttp(error))));
  }
}

function asHttp(error: unknown): unknown {
  const status = error instanceof WorkersError ? STATUS_BY_CODE[error.code] : undefined;
  if (!(error instanceof WorkersError) || status === undefined) return error;
  const body = { statusCode: status, code: error.code, message: error.message };
  return new HttpException(body, status, { cause: error });
}
