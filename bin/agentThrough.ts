import * as http from 'node:http';
import * as https from 'node:https';
import { Agent, buildConnector } from 'undici';
import { systemClock, type Clock } from '../src/clock.js';
import { portOf, type Proxies, type Proxy } from './proxies.js';

/** Under the 60 s after which the usual load balancers drop an idle connection. */
const keepAliveMs = 30_000;
/** How long a proxy may take to connect us. */
const patienceMs = 20_000;

/**
 * A keep-alive pool whose connections lead through their proxies. One that a proxy does not bring about fails with a code
 * that begins with `PROXY_`: nothing has been sent then. (Undici's own `ProxyAgent` calls that an abort, and asks a proxy
 * that hangs up again without end.)
 */
export function agentThrough(proxies: Proxies, clock: Clock = systemClock): Agent {
  const connect = buildConnector({});
  return new Agent({
    keepAliveTimeout: keepAliveMs,
    connect: (options, callback) => {
      const url = new URL(`${options.protocol}//${options.host ?? options.hostname}`);
      const proxy = proxies(url.href);
      if (proxy === undefined) {
        connect(options, callback);
        return;
      }
      tunnel(proxy, url, clock, (error, socket) => {
        if (error !== null) callback(error, null);
        else if (url.protocol === 'https:') connect({ ...options, httpSocket: socket }, callback);
        else callback(null, socket);
      });
    },
  });
}

function tunnel({ origin, authorization }: Proxy, to: URL, clock: Clock, callback: buildConnector.Callback): void {
  const path = `${to.hostname}:${portOf(to)}`;
  const headers = { host: path, ...(authorization !== undefined && { 'proxy-authorization': authorization }) };
  const { request } = origin.startsWith('https:') ? https : http;
  const asking = request(origin, { method: 'CONNECT', path, headers, agent: false });
  const cancelTimeout = clock.schedule(patienceMs, () => asking.destroy(withCode('ETIMEDOUT')));
  asking.on('connect', ({ statusCode = 0 }, socket) => {
    cancelTimeout();
    if (statusCode >= 200 && statusCode < 300) {
      callback(null, socket);
      return;
    }
    socket.destroy();
    callback(withCode(`PROXY_${statusCode}`), null);
  });
  asking.on('error', ({ code = 'FAILED' }: NodeJS.ErrnoException) => {
    cancelTimeout();
    callback(withCode(`PROXY_${code}`), null);
  });
  asking.end();
}

function withCode(code: string): Error {
  return Object.assign(new Error('no connection by way of the proxy'), { code });
}
