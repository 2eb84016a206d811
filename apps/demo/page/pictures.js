import { at, element } from './element.js';

const MOST_SHOWN = 300;

at('viewer').addEventListener(
  'click',
  ({ target, currentTarget }) => target === currentTarget && currentTarget.close(),
);

export function clearPictures() {
  at('thumbnails').replaceChildren();
  at('refusals').replaceChildren();
}

/** Adds pictures, the newest in front. */
export function addPictures({ thumbnails, refusals }) {
  at('thumbnails').prepend(...thumbnails.map(thumbnailView).toReversed());
  at('refusals').prepend(...refusals.map(refusalView).toReversed());
  for (const list of [at('thumbnails'), at('refusals')]) {
    while (list.children.length > MOST_SHOWN) list.lastElementChild.remove();
  }
  at('empty').hidden = at('thumbnails').children.length > 0;
  at('refusals-section').hidden = at('refusals').children.length === 0;
}

function thumbnailView({ id, name, width, height, colour }) {
  const image = element('img', { src: `/thumbnails/${id}`, alt: name, loading: 'lazy', width, height });
  const button = element('button', { type: 'button', title: name }, image);
  button.style.setProperty('--colour', colour);
  button.addEventListener('click', () => view(id, name));
  return element('li', {}, button);
}

function refusalView({ name, by, reason }) {
  const who = element('span', { textContent: ` (${by})` });
  return element('li', {}, element('strong', { textContent: name }), reason, who);
}

function view(id, name) {
  const viewer = at('viewer');
  Object.assign(viewer.querySelector('img'), { src: `/previews/${id}`, alt: name });
  viewer.querySelector('p').textContent = name;
  viewer.showModal();
}
