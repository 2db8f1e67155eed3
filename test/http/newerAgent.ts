import { Agent, Dispatcher, errors } from 'undici';

type Interceptor = Dispatcher.DispatcherComposeInterceptor;

/** As an agent of undici 8 is to ours: it takes new handlers alone, and makes none of the old that it is given. */
export class NewerAgent extends Agent {
  override dispatch(options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (handler.onRequestStart === undefined) throw new errors.InvalidArgumentError('invalid onRequestStart method');
    return super.dispatch(options, handler);
  }

  override compose(...given: readonly (Interceptor | Interceptor[])[]): Dispatcher.ComposedDispatcher {
    const dispatch = given
      .flat()
      .reduce<Dispatcher.Dispatch>((below, interceptor) => interceptor(below), this.dispatch.bind(this));
    return new Proxy(this, {
      get: (target, name) => (name === 'dispatch' ? dispatch : (Reflect.get(target, name) as unknown)),
    });
  }

  override request(...given: Parameters<Dispatcher['request']>): never {
    const own = Dispatcher.prototype.compose.call(this, (dispatch) => (options, handler) => dispatch(options, handler));
    return super.request.apply(own, given) as never;
  }
}
