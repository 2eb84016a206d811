import { count, duration, element } from './element.js';
import { isolatesView } from './isolates.js';
import { traceView } from './trace.js';

const FRAMES = 16;

/**
 * A channel as a strip of film whose frames light up as it fills, the trace of its last seconds, and the worker that takes from it. A durable
 * channel has no bound: a frame is one message in its store, and the last frame all that are more.
 */
export function stageView({ channel, isDurable, worker }) {
  const channelName = element('span', { className: 'name', textContent: channel });
  if (isDurable) channelName.append(durableMark());
  const figure = element('span', { className: 'figure' });
  const frames = Array.from({ length: FRAMES }, () => element('i', { className: 'frame' }));
  const [trace, addLevel] = traceView();
  const workerName = element('span', { className: 'name', textContent: worker });
  const permits = element('span', { className: 'permits' });
  const done = element('div', { className: 'done' });
  const times = element('div', { className: 'times' });
  const [isolates, showIsolates] = isolatesView();
  const card = element(
    'article',
    { className: 'stage' },
    element('div', { className: 'row' }, channelName, figure),
    element('div', { className: 'strip' }, ...frames),
    trace,
    element(
      'div',
      { className: 'worker' },
      element('div', { className: 'row' }, workerName, permits),
      done,
      times,
      isolates,
    ),
  );
  const show = ({ channels, workers }) => {
    showChannel(channels[channel], isDurable, { figure, frames, addLevel });
    showWorker(workers[worker], { permits, done, times });
    showIsolates(workers[worker].isolates);
  };
  return { card, show };
}

function durableMark() {
  const title =
    'Its messages lie in a store on the disk. Kill the demo, start it again with the same --out, and they go on.';
  return element('span', { className: 'durable', textContent: 'durable', title });
}

function showChannel({ depth, capacity, pendingPuts, accepted, drops }, isDurable, { figure, frames, addLevel }) {
  const full = isDurable ? FRAMES : capacity;
  for (const [nth, frame] of frames.entries()) {
    const light = Math.min(1, Math.max(0, (depth / full) * FRAMES - nth));
    frame.style.setProperty('--light', light);
  }
  const dropped = sum(drops);
  // What an engine writes into the store itself does not come in here.
  const passed =
    isDurable && accepted === 0 ? '' : ` · ${count(accepted)} in${dropped > 0 ? `, ${count(dropped)} dropped` : ''}`;
  const waiting = element('span', { className: 'waiting', textContent: `${count(pendingPuts)} wait outside` });
  const bound = isDurable ? ' in the store' : ` of ${capacity}`;
  figure.replaceChildren(element('b', { textContent: depth }), bound, pendingPuts > 0 ? waiting : passed);
  addLevel(Math.min(1, (depth + pendingPuts) / full));
}

function showWorker({ inFlight, concurrency, done, failed, aborted, lost, waitMs, runMs }, parts) {
  showPermits(parts.permits, inFlight, concurrency);
  const failures = aborted + lost + sum(failed);
  parts.done.replaceChildren(count(done), element('small', { textContent: 'done' }));
  if (failures > 0)
    parts.done.append(element('small', { className: 'failed', textContent: `${count(failures)} failed` }));
  const figures = [waitMs.p50, waitMs.p95, runMs.p50, runMs.p95].map((ms) =>
    element('b', { textContent: duration(ms) }),
  );
  const [head, ...names] = ['', 'p50', 'p95', 'wait', 'run'].map((text) => element('span', { textContent: text }));
  parts.times.replaceChildren(
    head,
    names[0],
    names[1],
    names[2],
    ...figures.slice(0, 2),
    names[3],
    ...figures.slice(2),
  );
}

function showPermits(permits, inFlight, concurrency) {
  while (permits.children.length < concurrency) permits.append(element('i', { className: 'permit' }));
  for (const [nth, permit] of [...permits.children].entries()) permit.toggleAttribute('data-busy', nth < inFlight);
  permits.title = `${inFlight} of ${concurrency} at work`;
}

function sum(counts) {
  return Object.values(counts).reduce((total, one) => total + one, 0);
}
