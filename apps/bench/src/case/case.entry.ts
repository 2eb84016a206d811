/** The inside of a case process: plays one case, tells its parent, ends. Nothing is closed: the process is thrown away. */
import { named } from '../suite/suite.js';
import { suites } from '../suites.js';
import type { Case, Verdict } from './case.js';

const { suite, scenario, peer, items } = JSON.parse(process.argv[2]!) as Case;
const figures = await named(suites, suite).play(peer, scenario, items);
process.send!({ type: 'measured', figures } satisfies Verdict, () => process.exit(0));
