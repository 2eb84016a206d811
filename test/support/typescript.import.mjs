import { register } from 'node:module';

// Given to a thread or child process of a test with `--import`, so that it can load the sources.
register('./typescript.hook.mjs', import.meta.url);
