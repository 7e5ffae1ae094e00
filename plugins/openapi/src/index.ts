export { default as OpenApiAdapter } from './openapi-adapter.ts';
