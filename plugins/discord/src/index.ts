export { default as DiscordAdapter } from './discord-adapter.ts';
