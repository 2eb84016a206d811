import workerpool from 'workerpool';
import { echo, measure, spin } from './tasks.js';

workerpool.worker({ echo, spin, measure });
