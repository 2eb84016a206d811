/**
 * The full dose of `test/isolates/a-thousand-kills-lose-no-request.spec.ts`: kills isolates at random under load and says what came of
 * it. `node scripts/kills.mjs [kills] [requests]`, 500 of threads and 500 of processes under 10,000 requests each unless told otherwise.
 */
import '../test/support/typescript.import.mjs';

const [kills = 500, requests = 10_000] = process.argv.slice(2).map(Number);
const { kill } = await import('../test/isolates/fixtures/killing.ts');

for (const kind of ['thread', 'process']) {
  const startedAt = performance.now();
  const toll = await kill({ kind, kills, requests });
  const { ISOLATE_CRASHED: lost = 0, ...others } = toll.errors;
  const survivors = [...toll.pids].filter(lives);
  const isSound =
    toll.values + lost === toll.asked &&
    toll.done === toll.values &&
    toll.lost === lost &&
    toll.inFlight === 0 &&
    Object.keys(others).length + toll.wrong.length + survivors.length === 0;
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  console.log(
    `${kind}: ${toll.kills} kills under ${toll.asked} requests in ${seconds} s: ${toll.values} values, ${lost} lost, ` +
      `${survivors.length} processes left, errors besides: ${JSON.stringify(others)}. ${isSound ? 'Sound.' : 'NOT SOUND.'}`,
  );
  if (!isSound) process.exitCode = 1;
}

function lives(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
