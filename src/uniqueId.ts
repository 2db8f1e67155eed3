/** 32 hexadecimal digits that nobody else comes upon. `crypto.randomUUID` would do, but pages have it by https alone. */
export function uniqueId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
