/**
 * The borders between the rooms of the house, checked by `npm run borders`. Each rule is an error and says why it exists.
 *
 * Imports point one way: the hall knows every room, no room knows the hall. A room that needs a new neighbour gets it here, in
 * the open. Imports of types count: they tie rooms together just the same.
 */
const CORE = '^libs/workers/src/';

/** The hall: the files at the root that wire the rooms together, which is all but the leaves. */
const HALL = 'workers\\.(?!error|options)[a-z-]+\\.ts$';

/** Rooms that may know only these neighbours; a room not listed is bound by the general rules alone. */
const NEIGHBOURS = {
  message: [],
  channel: ['message', 'lifecycle', 'observe'],
  wire: ['message'],
  socket: ['message', 'lifecycle'],
};

const OUTBOX = '^libs/outbox/src/';

/** The same for the rooms of the outbox. */
const OUTBOX_NEIGHBOURS = {
  store: [],
  postgres: ['store'],
  sqlite: ['store'],
  testing: ['store'],
  channel: ['store'],
  relay: ['channel', 'store'],
  // What a handle of SQLite is, and what a transaction on it, is said there, and how PostgreSQL knows one; no file of them loads a driver.
  transaction: ['store', 'sqlite/(handle|sqlite\\.transaction|sqlite\\.errors)\\.ts$', 'postgres/postgres\\.pin\\.ts$'],
  cli: ['store', 'postgres/index\\.ts$', 'sqlite/index\\.ts$'],
  // What writes into a store by a transaction alone; what that loads is no driver. Of the dead letters it takes the types.
  far: [
    'store',
    'dead/dead\\.(errors|letters)\\.ts$',
    'sqlite/sqlite\\.writer\\.ts$',
    'postgres/postgres\\.writer\\.ts$',
  ],
};

const WORKFLOWS = '^libs/workflows/src/';

/** The same for the rooms of the workflows. A store of theirs writes by the outbox's store and loads no driver. */
const WORKFLOWS_NEIGHBOURS = {
  store: [],
  postgres: ['store'],
  sqlite: ['store'],
  memory: ['store'],
  decider: ['store'],
  effects: ['decider', 'store'],
  engine: ['decider', 'effects', 'store'],
  inputs: ['decider', 'effects', 'engine'],
  timers: ['decider', 'effects', 'store'],
  projection: ['decider', 'store'],
  diagram: ['decider', 'store'],
};

/** Leaves at the root that every room may use. */
const LEAVES = ['workers.error.ts', 'workers.options.ts', 'option.table.ts'];

/** Where Nest may be imported. All else is plain TypeScript: tested without Nest, and cheap to load inside an isolate. */
const NEST_DOORS = [
  HALL,
  '.*nest\\.[a-z]+\\.ts$',
  '.+\\.(decorator|discovery|context|filter)\\.ts$',
  '(gateway|testing|health|opentelemetry|prometheus)/',
  '.*isolate(/|\\.)',
];

const DASHBOARD = '^libs/dashboard/src/';

const OUTBOX_LEAVES = ['outbox.errors.ts'];
const WORKFLOWS_LEAVES = ['workflows.errors.ts'];

const NOT_SHIPPED = '\\.(spec|contract|test-d)\\.ts$|/fixtures/';

/** The general rules first, then one rule for each room of the table above. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'Of two files that need each other neither can be loaded, read or tested first. What is imported by a call is not needed to ' +
        'load: so a worker names the module of its isolates, which lists the worker.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } },
    },
    {
      name: 'no-cycles-between-rooms',
      comment:
        'Inside one room two types may describe one another; a cycle that leaves the room, even of types, ties two rooms into one.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/([^/]+)/' },
      to: { circular: true, via: { pathNot: '^libs/$1/src/$2/' } },
    },
    {
      name: 'no-room-knows-the-hall',
      comment:
        'The hall wires the rooms; a room that imports it depends on everything. index.ts shows it to users, and testing/ ' +
        'builds whole applications for them.',
      severity: 'error',
      from: {
        path: CORE,
        pathNot: [
          `${CORE}(index|extension|plain)\\.ts$`,
          CORE + HALL,
          `${CORE}(testing|health|opentelemetry|prometheus)/`,
          NOT_SHIPPED,
        ],
      },
      to: { path: CORE + HALL },
    },
    {
      name: 'no-shop-window-inside',
      comment: 'index.ts is for users. Inside, import the file that has the thing, or loading one room loads them all.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/', pathNot: NOT_SHIPPED },
      to: { path: '^libs/$1/src/index\\.ts$' },
    },
    {
      name: 'channel-knows-no-dispatch',
      comment:
        'Where messages wait and where handlers run are two independent choices; that is the table this library promises.',
      severity: 'error',
      from: { path: `${CORE}channel/` },
      to: { path: `${CORE}dispatch/` },
    },
    {
      name: 'optional-peers-by-their-own-door',
      comment:
        'Terminus, OpenTelemetry and prom-client need not be installed: each has a sub-path, and the main entry reaches none of them.',
      severity: 'error',
      from: { path: '^libs/', pathNot: [`${CORE}(health|opentelemetry|prometheus)/`, NOT_SHIPPED] },
      to: { path: `${CORE}(health|opentelemetry|prometheus)/` },
    },
    {
      name: 'command-line-loads-nothing-of-the-house',
      comment:
        'The program looks from outside, often where no application is. What other packages offer in it is asked for by name, if installed.',
      severity: 'error',
      from: { path: `${CORE}cli/`, pathNot: NOT_SHIPPED },
      to: { path: '^libs/', pathNot: `${CORE}(cli/|workers\\.error\\.ts$)` },
    },
    {
      name: 'dispatch-knows-no-channel',
      comment: 'The other direction of the same promise: a dispatcher gets a message and answers an outcome.',
      severity: 'error',
      from: { path: `${CORE}dispatch/`, pathNot: NOT_SHIPPED },
      to: { path: `${CORE}channel/` },
    },
    {
      name: 'nest-at-the-doors',
      comment:
        'Nest is imported at the doors only (NEST_DOORS above); the rest stays plain and is tested without a container.',
      severity: 'error',
      from: { path: CORE, pathNot: [NOT_SHIPPED, ...NEST_DOORS.map((door) => CORE + door)] },
      to: { path: '(^|node_modules/)@nestjs/' },
    },
    {
      name: 'outbox-has-one-nest-door',
      comment: 'The module wires the outbox into Nest; all else is plain TypeScript and tested without a container.',
      severity: 'error',
      from: { path: OUTBOX, pathNot: [NOT_SHIPPED, `${OUTBOX}outbox\\.module\\.ts$`] },
      to: { path: '(^|node_modules/)@nestjs/' },
    },
    {
      name: 'outbox-uses-the-front-door',
      comment: 'The outbox lives from what the core publishes, as any package that brings channels of its own.',
      severity: 'error',
      from: { path: OUTBOX, pathNot: NOT_SHIPPED },
      to: { path: CORE, pathNot: `${CORE}((testing/|cli/)?index|extension|plain|isolate\\.entry)\\.ts$` },
    },
    {
      name: 'outbox-knows-no-workflows',
      comment: 'Workflows stand on the outbox.',
      severity: 'error',
      from: { path: OUTBOX },
      to: { path: WORKFLOWS },
    },
    {
      name: 'workflows-have-one-nest-door',
      comment: 'The module wires workflows into Nest, the decorators mark classes; all else is plain TypeScript.',
      severity: 'error',
      from: {
        path: WORKFLOWS,
        pathNot: [NOT_SHIPPED, `${WORKFLOWS}workflows\\.module\\.ts$`, `${WORKFLOWS}.+\\.decorator\\.ts$`],
      },
      to: { path: '(^|node_modules/)@nestjs/' },
    },
    {
      name: 'workflows-use-the-front-doors',
      comment: 'Workflows live from what the core and the outbox publish, as any package that stands on them.',
      severity: 'error',
      from: { path: WORKFLOWS, pathNot: NOT_SHIPPED },
      to: {
        path: `^libs/(workers|outbox)/src/`,
        pathNot: '^libs/(workers|outbox)/src/((testing/|cli/)?index|extension|plain)\\.ts$',
      },
    },
    {
      name: 'no-room-of-workflows-knows-their-hall',
      comment: 'The hall of the workflows wires their rooms. The command line and the test tools build with it.',
      severity: 'error',
      from: { path: `${WORKFLOWS}(?!cli/|testing/)[^/]+/`, pathNot: NOT_SHIPPED },
      to: { path: `${WORKFLOWS}(index|workflows\\.(?!errors)[a-z]+)\\.ts$` },
    },
    {
      name: 'dashboard-uses-the-front-door',
      comment:
        'What is shown and done is what the packages publish; the outbox and the workflows are optional, so they are loaded when asked for.',
      severity: 'error',
      from: { path: DASHBOARD, pathNot: NOT_SHIPPED },
      to: {
        path: '^libs/(workers|outbox|workflows)/src/',
        pathNot: '^libs/(workers/src/((cli/)?index|extension)|(outbox|workflows)/src/index)\\.ts$',
      },
    },
    {
      name: 'inspect-looks-from-outside',
      comment:
        'On the command line there is no application: it asks over HTTP, and loads neither Nest nor what runs inside. Types may be shared.',
      severity: 'error',
      from: { path: `${DASHBOARD}cli/`, pathNot: NOT_SHIPPED },
      to: {
        path: ['(^|node_modules/)@nestjs/', `${DASHBOARD}(?!cli/)`, `${CORE}(?!cli/)`],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'dashboard-loads-the-outbox-when-asked-for',
      comment:
        'An application without durable channels has no outbox installed, and one without workflows no workflows.',
      severity: 'error',
      from: { path: DASHBOARD, pathNot: NOT_SHIPPED },
      to: { path: '^libs/(outbox|workflows)/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'the-page-runs-in-a-browser',
      comment:
        'The page is loaded file by file by a browser: there are no packages. Of the house it knows types alone.',
      severity: 'error',
      from: { path: '^libs/dashboard/page/src/' },
      to: { pathNot: '^libs/dashboard/page/src/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'each-store-by-its-own-door',
      comment:
        'Who uses channels in memory, or one store, loads no driver of another: the main entry reaches no store. The command line loads ' +
        'the one that it is asked for.',
      severity: 'error',
      from: { path: `${OUTBOX}(?!(postgres|sqlite|testing|cli|transaction|far)/)`, pathNot: NOT_SHIPPED },
      to: { path: `${OUTBOX}(postgres|sqlite|testing|cli)/` },
    },
    {
      name: 'stores-are-loaded-when-asked-for',
      comment: 'One command needs one store; the driver of the other need not be installed.',
      severity: 'error',
      from: { path: `${OUTBOX}(cli|far)/`, pathNot: NOT_SHIPPED },
      to: { path: `${OUTBOX}(postgres|sqlite)/`, dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'nothing-shipped-needs-testing',
      comment: 'testing/ imports @nestjs/testing, which no production install has.',
      severity: 'error',
      from: { path: '^libs/[^/]+/src/', pathNot: ['^libs/[^/]+/src/testing/', NOT_SHIPPED] },
      to: { path: '^libs/[^/]+/src/testing/' },
    },
    {
      name: 'nothing-shipped-needs-a-test',
      comment:
        'Specs, contracts, type tests and fixtures are left out of the build; importing one breaks it for users only.',
      severity: 'error',
      from: { path: '^libs/[^/]+/src/', pathNot: NOT_SHIPPED },
      to: { path: NOT_SHIPPED },
    },
    {
      name: 'libs-know-no-apps',
      comment: 'A library is published without the applications and the tests of this repository.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|test|scripts)/', pathNot: '^test/support/' },
    },
    {
      name: 'apps-use-the-front-door',
      comment: 'The demo and the benchmarks live from what is published, as users do.',
      severity: 'error',
      from: { path: '^apps/' },
      to: {
        path: '^libs/',
        pathNot:
          '^libs/[^/]+/src/(((testing|postgres|sqlite|health|opentelemetry|prometheus)/)?index|isolate\\.entry)\\.ts$',
      },
    },
    {
      name: 'declared-packages-only',
      comment:
        'What a library imports must be in its package.json. Here it may lie in node_modules by chance; at the user it does not.',
      severity: 'error',
      from: { path: '^libs/[^/]+/src/', pathNot: NOT_SHIPPED },
      // An optional peer is reported as `npm-peer` and, being optional, as `npm-no-pkg` too; declared is declared.
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'nothing-unresolvable',
      comment: 'An import that leads nowhere is a typing mistake or a missing package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-orphans',
      comment:
        'A file that nobody imports is dead, unless it is an entry: a main, an index, a test, or a file started by its URL.',
      severity: 'error',
      from: { orphan: true, pathNot: ['(^|/)(main|index)\\.ts$', '\\.entry\\.ts$', NOT_SHIPPED] },
      to: {},
    },
    ...Object.entries(NEIGHBOURS).map(([room, neighbours]) => neighboursOf(CORE, room, neighbours, LEAVES)),
    ...Object.entries(OUTBOX_NEIGHBOURS).map(([room, neighbours]) =>
      neighboursOf(OUTBOX, room, neighbours, OUTBOX_LEAVES),
    ),
    ...Object.entries(WORKFLOWS_NEIGHBOURS).map(([room, neighbours]) =>
      neighboursOf(WORKFLOWS, room, neighbours, WORKFLOWS_LEAVES),
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.dist-[^/]+)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};

function neighboursOf(house, room, neighbours, leaves) {
  return {
    name: `neighbours-of-${{ [OUTBOX]: 'outbox-', [WORKFLOWS]: 'workflows-' }[house] ?? ''}${room}`,
    comment: `${room}/ may import ${[...neighbours, ...leaves].join(', ')} and nothing else of the house.`,
    severity: 'error',
    from: { path: `${house}${room}/`, pathNot: NOT_SHIPPED },
    to: {
      path: house,
      pathNot: [
        ...[room, ...neighbours].map((name) => (name.endsWith('$') ? house + name : `${house}${name}/`)),
        ...leaves.map((leaf) => house + leaf),
      ],
    },
  };
}
