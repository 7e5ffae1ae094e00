export { default as McpAdapter } from './mcp-adapter.ts';
