import { count, element } from './element.js';

const KINDS = { thread: 'threads', process: 'processes' };

/** The threads or processes in which a worker runs. Gives the list, hidden while there are none, and what shows them. */
export function isolatesView() {
  const list = element('ul', { className: 'isolates', hidden: true });
  const show = (isolates) => {
    list.hidden = isolates.length === 0;
    list.ariaLabel = KINDS[isolates[0]?.kind] ?? '';
    list.replaceChildren(...isolates.map(row));
  };
  return [list, show];
}

function row({ name, kind, pid, state, handled, restarts, heapMb, rssMb }) {
  const dot = element('i', { className: 'permit', title: state });
  dot.toggleAttribute('data-busy', state === 'busy');
  const memory = kind === 'process' ? rssMb : heapMb;
  const line = element(
    'li',
    { title: `${name}: ${state}, heap ${count(Math.round(heapMb))} MB` },
    dot,
    element('span', { className: 'who', textContent: `${kind} ${pid ?? ''}` }),
    element('span', {
      className: 'what',
      textContent: state === 'idle' || state === 'busy' ? `${count(handled)} done` : state,
    }),
    element('span', { textContent: `${count(Math.round(memory))} MB` }),
  );
  if (restarts > 0) line.append(element('span', { className: 'restarts', textContent: `restart ${count(restarts)}` }));
  line.dataset.state = state;
  return line;
}
