const project = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@taxameter/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '\\.ts$': '@swc/jest' },
  // One real PostgreSQL and one real Kafka for the whole run; each spec file takes databases and topics of its own.
  globalSetup: '<rootDir>/libs/platform/test/start-servers.mjs',
  globalTeardown: '<rootDir>/libs/platform/test/stop-servers.mjs',
};

export default {
  projects: [
    {
      ...project,
      displayName: 'rooms',
      testMatch: [
        '<rootDir>/{libs,services}/**/src/**/*.spec.ts',
        '<rootDir>/{lint,demo,bench}/**/*.spec.ts',
      ],
    },
    { ...project, displayName: 'e2e', testMatch: ['<rootDir>/e2e/**/*.spec.ts'] },
  ],
  testTimeout: 60_000,
  // Jest would take one worker fewer than there are cores; specs wait for the database more than they compute.
  maxWorkers: '100%',
};
