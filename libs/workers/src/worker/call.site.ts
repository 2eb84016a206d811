import { pathToFileURL } from 'node:url';

/**
 * The file from which `decorator` was called, as a URL: where the class stands that it decorates. Undefined where there is no such
 * file (`eval`, the REPL). In a bundle it is the bundle, which is why isolates also take an explicit `file`.
 */
export function calledFrom(decorator: (...args: never[]) => unknown): string | undefined {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back as it was
  const { prepareStackTrace, stackTraceLimit } = Error;
  const caught: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_error, sites) => sites[0]?.getFileName() ?? undefined;
    Error.captureStackTrace(caught, decorator);
    const file = caught.stack;
    if (typeof file !== 'string' || file === '') return undefined;
    return file.startsWith('file:') ? file : pathToFileURL(file).href;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
