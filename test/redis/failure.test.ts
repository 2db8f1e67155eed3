import { describe, expect, it } from 'vitest';
import type { IoRedisClient } from '../../src/redis/client.js';
import { adviceFor, isPermanent } from '../../src/redis/failure.js';

const never = (): Promise<never> => new Promise(() => undefined);
const clientThatIs = (status: string): IoRedisClient => ({ status, evalsha: never, eval: never, duplicate: never });

describe('isPermanent', () => {
  it.each([
    ['OOM command not allowed when used memory > maxmemory', false],
    ['ERR Error running script (call to f_1): @user_script:5: -OOM command not allowed when used memory', false],
    ['ERR Error running script (call to f_1): @user_script:5: -READONLY You can not write against a replica', false],
    ['ERR max number of clients reached', false],
    ['LOADING Redis is loading the dataset in memory', false],
    ['MISCONF Redis is configured to save RDB snapshots', false],
    ['connect ECONNREFUSED 127.0.0.1:6379', false],
    ['Socket closed unexpectedly', false],
    ['ERR unknown command EVALSHA', true],
    ['NOAUTH Authentication required.', true],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', true],
    ['NOPERM this user has no permissions to run the evalsha command', true],
  ])('should tell what passes from what does not: %s', (message, isLasting) => {
    expect(isPermanent(clientThatIs('ready'), new Error(message))).toBe(isLasting);
  });

  it('should be so for a client that has ended, whatever it says, and not for one that connects again', () => {
    const error = new Error('Connection is closed.');
    expect(isPermanent(clientThatIs('end'), error)).toBe(true);
    expect(isPermanent(clientThatIs('reconnecting'), error)).toBe(false);
  });
});

describe('adviceFor', () => {
  it('should say of something else under the keys what to change', () => {
    const error = new Error('WRONGTYPE Operation against a key holding the wrong kind of value');
    expect(adviceFor(clientThatIs('ready'), error)).toContain('another name');
  });

  it.each([
    "NOPERM this user has no permissions to run the 'evalsha' command",
    "ERR The user executing the script can't run this command or subcommand script: e567, on @user_script:15.",
    "ERR ACL failure in script: User guest has no permissions to run the 'hset' command script: e567, on @user_script:15.",
  ])('should name the rights that it takes to a user without one: %s', (message) => {
    expect(adviceFor(clientThatIs('ready'), new Error(message))).toContain('+@read +@write +@scripting +@pubsub +time');
  });
});
