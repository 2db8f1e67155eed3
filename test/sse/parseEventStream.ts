/** What a client makes of an event. */
export interface Parsed {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** An event stream read by the letter of HTML, 9.2.6, for what an encoder wrote: the reference to hold it against. */
export function parseEventStream(text: string): readonly Parsed[] {
  const events: Parsed[] = [];
  let [id, event, data]: [string, string, string[]] = ['', '', []];
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (line === '') {
      if (data.length > 0) events.push({ id, event: event === '' ? 'message' : event, data: data.join('\n') });
      [event, data] = ['', []];
    } else if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  return events;
}
