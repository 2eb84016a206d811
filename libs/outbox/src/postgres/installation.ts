import { statement } from './statement.js';

export const installation = statement('installation', (schema) => `select installation::text from ${schema}.meta`);
