import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';

/** What a browser may do with what it gets from here: run our one script, and talk to us. */
export const strictHeaders: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    mediaSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'none'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  referrerPolicy: 'no-referrer',
  permissionsPolicy: { camera: [], microphone: [], geolocation: [], payment: [] },
});

/** What changes anything must come from our own page: another site's can send our cookies, but not hide where it is. */
export function sameOrigin(publicOrigin: string | undefined): MiddlewareHandler {
  return async (context, next) => {
    if (context.req.method === 'GET' || context.req.method === 'HEAD') return next();
    const own = publicOrigin ?? `http://${context.req.header('host') ?? ''}`;
    if (context.req.header('origin') === own) return next();
    return context.json({ code: 'OTHER_ORIGIN', message: 'This must come from the page itself.' }, 403);
  };
}

/** More than the longest prompt, in JSON with every character escaped, needs. */
export const smallBody: MiddlewareHandler = bodyLimit({
  maxSize: 32 * 1_024,
  onError: (context) => context.json({ code: 'TOO_LARGE', message: 'That is too long.' }, 413),
});

/** How long a client may take to say what it wants, and how much: a slow one is hung up on. */
export const serverOptions = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 8 * 1_024,
};

/** After how long a silence on a connection it is cut; event streams have their heartbeats. */
export const idleMs = 75_000;
