import { isLoopback } from './loopback.js';
import { UsageError } from './usageError.js';

export interface Proxy {
  /** Where it is, without user and password. */
  readonly origin: string;
  /** The header that says who asks, if the variable does. */
  readonly authorization: string | undefined;
}

/** The proxy by way of which a URL is reached, if any. */
export type Proxies = (url: string) => Proxy | undefined;

/**
 * Those of HTTPS_PROXY and HTTP_PROXY, but for the hosts of NO_PROXY; in lower case each of them comes first. This machine
 * itself is reached without one.
 *
 * @throws UsageError that shows nothing of what is no proxy
 */
export function proxiesFrom(env: NodeJS.ProcessEnv): Proxies {
  const [forHttps, forHttp] = [proxyIn('HTTPS_PROXY', env), proxyIn('HTTP_PROXY', env)];
  const exceptions = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').toLowerCase().split(/[\s,]+/);
  return (url) => {
    if (isLoopback(url) || exceptions.some((exception) => excepts(exception, new URL(url)))) return undefined;
    return /^https:/i.test(url) ? forHttps : forHttp;
  };
}

/** The port of a URL, said or not. */
export function portOf({ protocol, port }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80');
}

function proxyIn(name: string, env: NodeJS.ProcessEnv): Proxy | undefined {
  const variable = env[name.toLowerCase()] === undefined ? name : name.toLowerCase();
  const value = env[variable] ?? '';
  if (value === '') return undefined;
  const proxy = proxyOf(value.includes('://') ? value : `http://${value}`);
  if (proxy !== undefined) return proxy;
  throw new UsageError(
    `${variable} must be the http or https URL of a proxy, like http://proxy:8080 or http://user:password@proxy:8080 ` +
      '(with %40 for an @ in the password), or be empty for none; nothing was submitted',
  );
}

function proxyOf(text: string): Proxy | undefined {
  try {
    const { protocol, origin, username, password } = new URL(text);
    if (!/^https?:$/.test(protocol)) return undefined;
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { origin, authorization: user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}` };
  } catch {
    return undefined;
  }
}

/** An exception is a host and all below it, at one port if it names one; `*` is every host. */
function excepts(exception: string, url: URL): boolean {
  if (exception === '*') return true;
  const [, host = '', port] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(exception) ?? [];
  return host !== '' && `.${url.hostname}`.endsWith(`.${host}`) && (port === undefined || port === portOf(url));
}
