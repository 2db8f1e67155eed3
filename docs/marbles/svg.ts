type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element; its children are SVG already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

/** Text in an element of its own. */
export function text(words: string, attributes: Attributes, name = 'text'): string {
  return element(name, attributes, escaped(words));
}

/** A label that ends at `x`, with `y` as its middle; a second line of it is small. */
export function label(words: string, x: number, y: number): string {
  const [first = '', second] = words.split('\n');
  if (second === undefined) return text(first, { class: 'label', x, y: y + 4.5 });
  return text(first, { class: 'label', x, y: y - 1 }) + text(second, { class: 'label small', x, y: y + 12 });
}

/** About how wide a text is, in the face and size that `style` gives it. */
export function widthOf(words: string, perCharacter = 7.2): number {
  return words.length * perCharacter;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A tenth of a pixel is enough, and the same on every machine. */
function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
