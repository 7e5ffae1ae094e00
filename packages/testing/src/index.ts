export { createCertificateAuthority } from './certificates.ts';
export type { CertificateAuthority, CertificateRequest, KeyAndCertificate } from './certificates.ts';
export { conformance } from './conformance.ts';
export type { ConformanceOptions } from './conformance/conformance-options.ts';
export type { WebhookSample } from './conformance/signed-webhooks.ts';
export { closedPort } from './closed-port.ts';
export { ConnectorTestCase } from './connector-test-case.ts';
export type { AdapterUnderTest, TestCaseFields } from './connector-test-case.ts';
export { FakeService } from './fake-service.ts';
export type { FakeHandler, FakeReply, FakeScript, FakeServiceOptions, RecordedRequest } from './fake-service.ts';
export { createManualClock } from './manual-clock.ts';
export type { ManualClock } from './manual-clock.ts';
export { openAdapter } from './open-adapter.ts';
export type { OpenAdapterOptions, OpenedAdapter, TestConfig } from './open-adapter.ts';
export { PluginSandbox } from './plugin-sandbox.ts';
export type {
  SandboxConnector,
  SandboxDependency,
  SandboxLayout,
  SandboxOptions,
  SandboxPackage,
} from './plugin-sandbox.ts';
export { RecordedService } from './recorded-service.ts';
export type { RecordedServiceOptions } from './recorded-service.ts';
export { createRecordingLogger } from './recording-logger.ts';
export type { LogRecord, RecordingLogger } from './recording-logger.ts';
export { runInWorker } from './run-in-worker.ts';
export type { RunInWorkerOptions, RunningConnector } from './run-in-worker.ts';
export { startConnector } from './start-connector.ts';
export type { StartConnectorOptions, StartedConnector, TestCallOptions } from './start-connector.ts';
export type { TestRunner } from './test-runner.ts';
