import { ThreadWorker } from 'poolifier';
import { echo, measure, spin } from '../../isolates/tasks.js';

export default new ThreadWorker<unknown, unknown>({ echo, spin, measure });
