/** What of an answer's head is passed on. */
const passed = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified'];

/** Fetches a video for a person: the page knows no other place than this one, and the place no cookies of ours. */
export async function videoFrom(url: string, request: Request): Promise<Response> {
  const range = request.headers.get('range');
  const headersOf = range === null ? {} : { range };
  const answer = await fetch(url, { signal: request.signal, headers: headersOf }).catch(() => undefined);
  // What nobody reads would keep its connection.
  if (answer?.ok !== true || request.method === 'HEAD') await answer?.body?.cancel();
  if (answer?.ok !== true) return new Response(null, { status: answer?.status === 416 ? 416 : 502 });
  const headers = new Headers({ 'cache-control': 'private, max-age=3600', 'content-type': 'video/mp4' });
  for (const name of passed) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(request.method === 'HEAD' ? null : answer.body, { status: answer.status, headers });
}
