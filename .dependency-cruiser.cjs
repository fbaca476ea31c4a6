/** The walls between the rooms (docs/decisions): each rule says what may not be reached from where, and why. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'events-know-only-zod',
      comment: 'The contracts are for everybody, agents in other languages included.',
      severity: 'error',
      from: { path: '^events/' },
      to: { pathNot: ['^events/', 'node_modules/zod'] },
    },
    {
      name: 'domain-is-pure',
      comment: 'Deciding needs no outside: types of the ports, zod for the policy, node:crypto for hashes.',
      severity: 'error',
      from: { path: '^shared/domain/' },
      to: {
        pathNot: [
          '^shared/domain/',
          '^events/',
          '^shared/ports[./]',
          '^shared/pattern[.]ts$',
          'node_modules/zod',
          '^(node:)?crypto$',
        ],
      },
    },
    {
      name: 'ports-know-no-adapter',
      severity: 'error',
      from: { path: '^shared/(ports/|(ports|services|errors)\\.ts$)' },
      to: { path: ['^shared/adapters/', '^functions/', '^infra/', '^cli/', '^sim/'] },
    },
    {
      name: 'adapters-are-apart',
      severity: 'error',
      from: { path: '^shared/adapters/([^/]+)/' },
      to: { path: '^shared/adapters/', pathNot: '^shared/adapters/$1/' },
    },
    {
      name: 'shell-uses-ports-only',
      severity: 'error',
      from: { path: ['^shared/(shell|state|views|ingest)/', '^functions/'] },
      to: { path: ['^shared/adapters/', '^infra/', '^cli/', '^sim/'] },
    },
    {
      name: 'mappers-are-pure',
      comment: 'What a program sends becomes events without any look outside.',
      severity: 'error',
      from: { path: '^shared/ingest/sources/' },
      to: { pathNot: ['^shared/ingest/sources/', '^events/', '^shared/(errors|pattern)[.]ts$', 'node_modules/zod'] },
    },
    {
      name: 'shared-is-below',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: ['^functions/', '^infra/', '^cli/', '^sim/', '^test/'] },
    },
    {
      name: 'the-simulated-cloud-stands-alone',
      comment: "It must not share salvor's opinions of what Nova does.",
      severity: 'error',
      from: { path: '^sim/' },
      to: { path: ['^shared/', '^functions/', '^infra/', '^cli/', '^events/', '^test/'] },
    },
    {
      name: 'infra-is-below-the-cli',
      severity: 'error',
      from: { path: '^infra/' },
      to: { path: ['^cli/', '^sim/', '^test/'] },
    },
    {
      name: 'the-console-knows-the-api-only',
      comment: 'It runs in a browser: of salvor it has types, and pure words.',
      severity: 'error',
      from: { path: '^web/src/' },
      to: { path: '^(events|functions|infra|cli|sim|shared/(?!domain/))', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'tests-are-above-all',
      severity: 'error',
      from: { path: '^(events|functions|shared|infra|cli|sim|web)/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '(^|/)\\.[^/]+\\.cjs$', 'vitest\\.config\\.ts$'] },
      to: {},
    },
    {
      name: 'only-what-is-declared',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
