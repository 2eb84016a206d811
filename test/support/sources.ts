/** Arguments for the Node of an isolate that shall load this repository's TypeScript. */
export const FROM_SOURCES = ['--import', new URL('./typescript.import.mjs', import.meta.url).href] as const;
