import { isJsonObject } from '@automate/sdk';
import type { JsonValue } from '@automate/sdk';
import type { Span } from './span.ts';

/** Characters that are left of a long text. */
const TEXT_LENGTH = 1000;
/** Events and links that are left. */
const MOST_PARTS = 100;
/** Characters that are left of all attributes of a span, of its events, of its links. */
const ROOM = 200_000;

interface Room {
  left: number;
}

/** What can be told of a span that is larger than a result: some 2 MB at most, whatever it holds. */
export function shortenSpan({ status_message: message, ...span }: Span): Span {
  const [own, ofEvents, ofLinks] = [{ left: ROOM }, { left: ROOM }, { left: ROOM }];
  return {
    ...span,
    service: shortenText(span.service),
    name: shortenText(span.name),
    ...(message === undefined ? {} : { status_message: shortenText(message) }),
    attributes: shortenMembers(span.attributes, own),
    events: span.events.slice(0, MOST_PARTS).map((event) => ({
      ...event,
      name: shortenText(event.name),
      attributes: shortenMembers(event.attributes, ofEvents),
    })),
    links: span.links.slice(0, MOST_PARTS).map((link) => ({
      ...link,
      attributes: shortenMembers(link.attributes, ofLinks),
    })),
    truncated: true,
  };
}

function shortenValue(value: JsonValue, room: Room): JsonValue {
  if (typeof value === 'string') {
    const text = shortenText(value);
    room.left -= text.length;
    return text;
  }
  room.left -= 10;
  if (Array.isArray(value)) return value.flatMap((item) => (room.left > 0 ? [shortenValue(item, room)] : []));
  return isJsonObject(value) ? shortenMembers(value, room) : value;
}

function shortenMembers(members: Readonly<Record<string, JsonValue>>, room: Room): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => {
      room.left -= name.length;
      return room.left > 0 ? [[name, shortenValue(value, room)]] : [];
    }),
  );
}

function shortenText(text: string): string {
  return text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text;
}
