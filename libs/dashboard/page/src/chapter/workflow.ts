import { api, Refusal } from '../act/api.js';
import { button } from '../act/deed.js';
import { DiagramView } from '../diagram/diagram.view.js';
import type { Instance } from '../feed/wire.js';
import { h, say } from '../view/element.js';
import { hashOf } from '../view/route.js';
import { section } from '../view/section.js';
import { Table } from '../view/table.js';
import { count, dateAndTime } from '../view/words.js';
import type { Chapter } from './chapter.js';

const PAGE = 50;
/** How often it is looked what instances have come to; a look reads their events. */
const LOOK_EVERY_MS = 5_000;

/** One workflow: what its latest instances have gone through, and which there are. */
export function workflowChapter(name: string): Chapter {
  const diagram = new DiagramView();
  const table = new Table<Instance>(
    'Instances',
    [
      { title: 'Instance', text: ({ id }) => id, href: ({ id }) => hashOf({ chapter: 'instance', name, id }) },
      { title: 'State', text: ({ state }) => state, tone: ({ state }) => (state === 'running' ? 'run' : undefined) },
      { title: 'Events', isNumber: true, text: ({ version }) => count(version) },
      { title: 'Begun', text: ({ startedAt }) => dateAndTime(startedAt) },
      { title: 'Changed', text: ({ changedAt }) => dateAndTime(changedAt) },
    ],
    ({ id }) => id,
    'None has begun.',
  );
  const at = `workflows/${encodeURIComponent(name)}`;
  let instances: readonly Instance[] = [];
  const more = button('Show more', async () => {
    const page = await api.get<Instance[]>(`${at}/instances?limit=${PAGE}&before=${instances.at(-1)?.number ?? ''}`);
    instances = [...instances, ...page];
    table.show(instances);
    more.hidden = page.length < PAGE;
  });
  more.hidden = true;
  const trouble = h('p', { class: 'nothing', role: 'status' });
  const look = looking(trouble, async () => {
    diagram.show((await api.get<{ diagram: string }>(`${at}/diagram`)).diagram);
    if (instances.length > PAGE) return;
    instances = await api.get<Instance[]>(`${at}/instances?limit=${PAGE}`);
    table.show(instances);
    more.hidden = instances.length < PAGE;
  });
  return {
    title: `Workflow ${name}`,
    root: h(
      'div',
      { class: 'chapter' },
      trouble,
      section('What the latest 100 have gone through', diagram.root),
      section('Instances', table.root, more),
    ),
    show: look,
  };
}

/** One instance of a workflow: its way. */
export function instanceChapter(name: string, id: string): Chapter {
  const diagram = new DiagramView();
  const trouble = h('p', { class: 'nothing', role: 'status' });
  const path = `workflows/${encodeURIComponent(name)}/diagram?id=${encodeURIComponent(id)}`;
  const up = h('a', { href: hashOf({ chapter: 'workflow', name }) }, `All of ${name}`);
  return {
    title: `${name} ${id}`,
    root: h('div', { class: 'chapter' }, h('p', {}, up), trouble, section('Its way', diagram.root)),
    show: looking(trouble, async () => diagram.show((await api.get<{ diagram: string }>(path)).diagram)),
  };
}

/** Has it looked now and again, as long as it is shown. */
function looking(trouble: HTMLElement, look: () => Promise<void>): () => void {
  let lookedAt = -Infinity;
  return () => {
    if (performance.now() - lookedAt < LOOK_EVERY_MS) return;
    lookedAt = performance.now();
    look().then(
      () => say(trouble, ''),
      (error: unknown) => say(trouble, error instanceof Refusal ? error.message : String(error)),
    );
  };
}
