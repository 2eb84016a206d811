// For the command-line program, and for packages that bring commands about the same store, such as the workflows.

export { outbox } from './outbox.group.js';
export { assertThere, type Chosen, STORE_OPTIONS, withChosen, withOpen } from './store.choice.js';
