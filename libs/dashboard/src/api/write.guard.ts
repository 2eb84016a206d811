import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';

/** Lets actions through where there may be any, and only such as another site's form could not have sent. */
export function writable(isWritable: boolean): CanActivate {
  return {
    canActivate(context: ExecutionContext): boolean {
      if (!isWritable) throw new ForbiddenException('This is read-only. Create the controller with write: true.');
      const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
      if (/^application\/json\b/i.test(headers['content-type'] ?? '')) return true;
      throw new UnsupportedMediaTypeException('Send application/json');
    },
  };
}
