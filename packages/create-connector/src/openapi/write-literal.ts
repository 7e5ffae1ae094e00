import type { JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';

const WIDTH = 110;

/** A value as JavaScript writes it, in lines that people can read. */
export function writeLiteral(value: JsonValue, indent = ''): string {
  const flat = oneLine(value);
  if (typeof value !== 'object' || value === null || indent.length + flat.length <= WIDTH) return flat;
  const inside = `${indent}  `;
  if (Array.isArray(value))
    return `[\n${value.map((item) => `${inside}${writeLiteral(item, inside)},\n`).join('')}${indent}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${inside}${key(name)}: ${writeLiteral(member, inside)},\n`,
  );
  return `{\n${members.join('')}${indent}}`;
}

function oneLine(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([name, member]) => `${key(name)}: ${oneLine(member)}`);
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  }
  return typeof value === 'string' ? text(value) : JSON.stringify(value);
}

function key(name: string): string {
  // Written plainly it would be the prototype.
  if (name === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name);
}

/** In single quotes, as the rest of the package, where it can be. */
function text(value: string): string {
  const quoted = JSON.stringify(value);
  return value.includes("'") ? quoted : `'${quoted.slice(1, -1).replaceAll(String.raw`\"`, '"')}'`;
}
