import type { Cancel } from '../../operators/index.js';

/**
 * Calls `restore` before the process leaves the terminal to others: as it exits, crashes too, is suspended (Ctrl-Z; what
 * was restored is drawn again as it comes back), or is told to quit (Ctrl-\). Interrupts are for whoever runs the work.
 */
export function restoring(restore: () => void): Cancel {
  const suspend = (): void => {
    restore();
    process.kill(process.pid, 'SIGSTOP');
  };
  const quit = (): void => {
    restore();
    process.off('SIGQUIT', quit);
    process.kill(process.pid, 'SIGQUIT');
  };
  process.on('exit', restore).on('SIGTSTP', suspend).on('SIGQUIT', quit);
  return () => void process.off('exit', restore).off('SIGTSTP', suspend).off('SIGQUIT', quit);
}
